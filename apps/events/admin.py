"""The audit trail."""

from typing import ClassVar

from django.contrib import admin

from apps.core.office import Log
from apps.events.models import Event


@admin.register(Event)
class EventAdmin(Log):
    """What happened, who did it, to what. An identifier finds everything about it."""

    list_display: ClassVar = ["occurred_at", "type", "subject", "actor", "organization"]
    search_fields: ClassVar = ["=subject", "=actor", "=organization", "=application", "=type"]
    search_help_text = "An identifier such as app_…, or a type such as key.revoked."
    ordering: ClassVar = ["-id"]
    fields: ClassVar = [
        "id",
        "occurred_at",
        "type",
        "subject",
        "actor",
        "organization",
        "application",
        "tenant",
        "request_id",
        "data",
    ]
