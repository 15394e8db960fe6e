"""An e-mail backend that keeps mails instead of sending them, for the box and for tests."""

from collections.abc import Sequence

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from apps.core import clock
from apps.notifications.models import Message


class KeptMail(EmailMultiAlternatives):
    """A mail that has its row already."""


class OutboxBackend(BaseEmailBackend):
    """Keeps each mail as a ``Message``."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails; return how many."""
        for mail in email_messages:
            if not isinstance(mail, KeptMail):
                _keep(mail)
        return len(email_messages)


def _keep(mail: EmailMessage) -> None:
    pages = [str(body) for body, kind in getattr(mail, "alternatives", []) if kind == "text/html"]
    Message.objects.create(
        recipients=mail.recipients(),
        sender=mail.from_email,
        subject=str(mail.subject),
        text=str(mail.body),
        html=pages[0] if pages else "",
        sent_at=clock.real(),
        attempts=1,
    )
