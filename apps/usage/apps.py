"""Metering: every request's record, its roll-ups, and what they answer."""

from django.apps import AppConfig

from apps.events.registry import register


class UsageConfig(AppConfig):
    """Usage."""

    name = "apps.usage"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(
            ("usage.letter_sent", "People were told that an application still uses what ends."),
        )
