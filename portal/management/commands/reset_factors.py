"""``manage.py reset_factors``: let somebody in again who lost every second factor."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from portal import factors


class Command(BaseCommand):
    """Remove a person's second factors; for whoever has the machine, and nobody else."""

    help = "Remove all second factors of a person, and sign them out everywhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask who it is, and whether the password goes too."""
        parser.add_argument("email", help="The person's e-mail address.")
        parser.add_argument(
            "--password",
            action="store_true",
            help="Somebody else knows the password: remove it as well.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove them, and say what was there."""
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        kinds = factors.reset(user, password=options["password"])
        removed = ", ".join(kinds) if kinds else "there was none"
        self.stdout.write(f"{user.email}: second factors removed ({removed}), signed out.")
