"""An e-mail backend that keeps mails instead of sending them, for the box and for tests."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from apps.notifications.models import Message


class OutboxBackend(BaseEmailBackend):
    """Keeps each mail as a ``Message``."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails; return how many."""
        for mail in email_messages:
            pages = [
                str(body) for body, kind in getattr(mail, "alternatives", []) if kind == "text/html"
            ]
            Message.objects.create(
                recipients=mail.recipients(),
                sender=mail.from_email,
                subject=str(mail.subject),
                text=str(mail.body),
                html=pages[0] if pages else "",
            )
        return len(email_messages)
