"""Mails are written first, and sent until they are gone."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.core import clock
from apps.notifications import services as notifications
from apps.notifications.models import MOST_ATTEMPTS, Message

pytestmark = pytest.mark.django_db


def write(**fields: Any) -> Message:
    context = {"heading": "Hello", "reason": "Because.", "path": "/overview"}
    message = notifications.notify(
        ["a@example.com"],
        subject="Hello\r\nBcc: x@evil.example",
        template="decision",
        context=context,
    )
    assert message
    Message.objects.filter(pk=message.pk).update(**fields)
    message.refresh_from_db()
    return message


def test_a_mail_is_written_and_not_yet_sent() -> None:
    message = write()
    assert (message.sent_at, message.attempts) == (None, 0)
    assert message.subject == "Hello Bcc: x@evil.example"
    assert mail.outbox == []


def test_a_worker_is_told_after_the_commit_only(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, args, **_: told.append((name, args))
    )
    with django_capture_on_commit_callbacks(execute=True):
        message = write()
        assert told == []
    assert told == [("notifications.send", [message.pk])]


def test_a_mail_whose_worker_was_never_told_is_swept(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("celery.current_app.send_task", down)
    with django_capture_on_commit_callbacks(execute=True):
        message = write()
    assert notifications.sweep() == 0
    Message.objects.update(due_at=clock.real())
    assert notifications.sweep() == 1
    assert notifications.sweep() == 0
    message.refresh_from_db()
    assert message.sent_at is not None
    assert [sent.to for sent in mail.outbox] == [["a@example.com"]]


def test_a_mail_is_sent_once() -> None:
    message = write()
    assert notifications.send(message.pk) is True
    assert notifications.send(message.pk) is False
    assert len(mail.outbox) == 1


def test_what_the_mail_server_refuses_is_tried_again_later_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: EmailBackend, messages: object) -> int:
        raise OSError("mailbox unavailable")

    message = write()
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        assert notifications.send(message.pk) is False
    message.refresh_from_db()
    assert (message.attempts, message.error) == (1, "OSError: mailbox unavailable")
    assert message.due_at > clock.real() + timedelta(minutes=1)
    Message.objects.update(due_at=clock.real(), attempts=MOST_ATTEMPTS)
    assert notifications.sweep() == 0
    Message.objects.update(attempts=1)
    assert notifications.sweep() == 1


def test_in_the_box_a_mail_is_shown_once(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "apps.notifications.outbox.OutboxBackend"
    message = write()
    notifications.send(message.pk)
    mail.send_mail("From allauth", "Your code is 123456.", None, ["b@example.com"])
    assert [kept.subject for kept in Message.objects.all()] == ["From allauth", message.subject]
    assert not Message.objects.filter(sent_at=None).exists()


def test_nobody_to_write_to_means_no_mail() -> None:
    assert notifications.notify([], subject="x", template="decision", context={}) is None
    assert not Message.objects.exists()
