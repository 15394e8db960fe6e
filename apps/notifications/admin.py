"""The outbox, for the operator."""

from typing import ClassVar

from django.contrib import admin

from apps.core.office import Record, coloured
from apps.notifications.models import MOST_ATTEMPTS, Message


@admin.register(Message)
class MessageAdmin(Record):
    """Mails, and what became of them."""

    list_display: ClassVar = ["subject", "recipients", "standing", "attempts", "queued_at"]
    list_filter: ClassVar = [("sent_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["subject"]
    fields: ClassVar = [
        "id",
        "recipients",
        "sender",
        "subject",
        "text",
        "queued_at",
        "sent_at",
        "due_at",
        "attempts",
        "error",
    ]

    @coloured("State", {"sent": "success", "waiting": "warning", "given up": "danger"})
    def standing(self, message: Message) -> str:
        """Tell whether the mail went out."""
        if message.sent_at:
            return "sent"
        return "given up" if message.attempts >= MOST_ATTEMPTS else "waiting"
