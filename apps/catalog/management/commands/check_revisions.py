"""Hold the dated revisions against their recorded examples and against the catalog."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog.models import ApiVersion
from apps.catalog.recorded import complaints, strangers
from apps.catalog.revisions import registered


class Command(BaseCommand):
    """Say what is wrong with the modules that ``TRELLIS_REVISIONS`` names."""

    help = "Run every function of every revision over its recorded examples."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check them all; fail when one is wrong."""
        wrong = [sentence for history in registered.values() for sentence in complaints(history)]
        for version in ApiVersion.objects.listed():
            wrong += strangers(version)
        if wrong:
            raise CommandError("\n".join(wrong))
        for history in registered.values():
            count = sum(len(one.functions) for one in history.revisions)
            self.stdout.write(
                f"{history}: {', '.join(history.names)}; {count} functions keep to their examples."
            )
