"""What happened: audit trail, transactional outbox and event log in one table."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The event log."""

    name = "apps.events"
