"""Hold the dated revisions against their recorded examples and against the catalog."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog.models import ApiVersion
from apps.catalog.recorded import complaints
from apps.catalog.revisions import History, registered


class Command(BaseCommand):
    """Say what is wrong with the modules that ``TRELLIS_REVISIONS`` names."""

    help = "Run every function of every revision over its recorded examples."

    def handle(self, *args: Any, **options: Any) -> None:
        """Check them all; fail when one is wrong."""
        wrong = [
            sentence
            for history in registered.values()
            for sentence in (*complaints(history), *_strangers(history))
        ]
        if wrong:
            raise CommandError("\n".join(wrong))
        for history in registered.values():
            count = sum(len(one.functions) for one in history.revisions)
            self.stdout.write(
                f"{history}: {', '.join(history.names)}; {count} functions keep to their examples."
            )


def _strangers(history: History) -> list[str]:
    version = ApiVersion.objects.filter(api__slug=history.api, major=history.major).first()
    if version is None:
        return []
    return history.strangers(version.operations.values_list("name", flat=True))
