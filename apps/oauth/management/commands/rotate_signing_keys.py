"""``manage.py rotate_signing_keys``: let the next keys sign tokens."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.oauth import signing


class Command(BaseCommand):
    """Rotate the keys that sign tokens; beat does it every month."""

    help = "Let the next keys sign tokens, and publish others to come after them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Offer one algorithm, and the way out when a key has leaked."""
        parser.add_argument("--algorithm", choices=signing.ALGORITHMS, help="Only this one.")
        parser.add_argument(
            "--withdraw",
            action="store_true",
            help="A key has leaked: forget all of them, and with them what they signed.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and say what signs now."""
        chosen = [options["algorithm"]] if options["algorithm"] else list(signing.ALGORITHMS)
        for algorithm in chosen:
            try:
                change = signing.withdraw if options["withdraw"] else signing.rotate
                self.stdout.write(f"{algorithm}: {change(algorithm).pk} signs now.")
            except signing.TooSoon as why:
                self.stdout.write(f"{algorithm}: nothing changed. {why}")
