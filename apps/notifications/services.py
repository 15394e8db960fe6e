"""Writing mails, and sending them."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string

from apps.core import clock
from apps.notifications.models import Message
from apps.notifications.outbox import KeptMail

GRACE = timedelta(seconds=20)  # The worker that was told sends first; then the sweep looks.
SWEEP = 100

log = logging.getLogger(__name__)


@transaction.atomic
def notify(
    recipients: Iterable[str], *, subject: str, template: str, context: dict[str, Any]
) -> Message | None:
    """Write one mail to ``recipients``, to be sent after the transaction; None without any.

    ``template`` names ``emails/<template>.txt`` and, where it exists, ``emails/<template>.html``.
    """
    addresses = sorted(set(recipients))
    if not addresses:
        return None
    context = {"brand": settings.BRAND, "portal_url": settings.PORTAL_URL, **context}
    message = Message.objects.create(
        recipients=addresses,
        sender=settings.DEFAULT_FROM_EMAIL,
        subject=" ".join(subject.split())[:300],
        text=render_to_string(f"emails/{template}.txt", context),
        html=_page(template, context),
        due_at=clock.real() + GRACE,
    )
    transaction.on_commit(partial(_tell, message.pk))
    return message


@transaction.atomic
def send(message_id: str) -> bool:
    """Send a mail that was not sent yet; say whether it went out.

    What fails is tried again, later each time.
    """
    message = (
        Message.objects.select_for_update(skip_locked=True)
        .filter(pk=message_id, sent_at=None)
        .first()
    )
    if message is None:
        return False
    message.attempts += 1
    try:
        _deliver(message)
    except Exception as error:  # noqa: BLE001 - whatever a mail server says, the sweep tries again
        message.error = f"{type(error).__name__}: {error}"[:300]
        message.due_at = clock.real() + timedelta(minutes=2**message.attempts)
        log.warning("Mail %s was not sent: %s", message.pk, message.error)
    else:
        message.sent_at, message.error = clock.real(), ""
    message.save(update_fields=["attempts", "error", "due_at", "sent_at"])
    return message.sent_at is not None


def sweep() -> int:
    """Send what is due and was left; return how many mails went out."""
    due = list(Message.objects.due().order_by("due_at").values_list("pk", flat=True)[:SWEEP])
    return sum(send(message_id) for message_id in due)


def _deliver(message: Message) -> None:
    mail = KeptMail(message.subject, message.text, message.sender, message.recipients)
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    mail.send()


def _page(template: str, context: dict[str, Any]) -> str:
    try:
        return render_to_string(f"emails/{template}.html", context)
    except TemplateDoesNotExist:
        return ""


def _tell(message_id: str) -> None:
    try:
        current_app.send_task("notifications.send", [message_id], retry=False)
    except Exception:
        log.warning("No worker was told of mail %s; the sweep will.", message_id, exc_info=True)
