"""An operator sees which keys were found, and may let one live on."""

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client

from apps.core import clock
from apps.events.models import Event
from apps.keys import leaks
from apps.keys.models import Key, LeakReport
from tests.support import make


@pytest.fixture
def report(db: None) -> LeakReport:
    application = make.application(approved=True)
    issued = make.key(application, tenant=make.live(application.organization))
    leaks.report([leaks.Finding(issued.secret, "https://x.example/1")], reporter="GitHub")
    return LeakReport.objects.get()


def page(report: LeakReport, action: str = "change") -> str:
    return f"/admin/keys/leakreport/{quote(report.pk)}/{action}/"


def test_a_key_is_spared_with_a_reason(report: LeakReport, admin: Client) -> None:
    listed = admin.get("/admin/keys/leakreport/").content.decode()
    assert "GitHub" in listed
    assert "waiting" in listed
    admin.post(page(report, "dismiss"), {"reason": "A test of theirs."})
    report.refresh_from_db()
    assert report.settled_at is not None
    LeakReport.objects.update(due_at=clock.real())
    assert leaks.settle() == 0
    assert Key.objects.get(pk=report.key_id).state == "active"
    event = Event.objects.get(type="key.leak_dismissed")
    assert event.data == {"report": report.pk, "reason": "A test of theirs."}
    assert "dismiss" not in admin.get(page(report)).content.decode()


def test_staff_without_the_right_spares_nothing(report: LeakReport) -> None:
    clerk = make.user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_leakreport"))
    browser = Client()
    browser.force_login(clerk)
    assert browser.post(page(report, "dismiss"), {"reason": "Mine."}).status_code in {302, 403}
    report.refresh_from_db()
    assert report.settled_at is None
