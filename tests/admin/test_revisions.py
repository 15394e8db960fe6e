"""An operator sees in which revision an application is served, and moves it anywhere."""

import pytest
from django.contrib.admin.utils import quote
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.applications import pins
from apps.applications.models import Application, Pin
from apps.events.models import Event
from tests.support import make

VERSION, OLD, NEW = "commerce/v1", "2026-06-01", "2026-11-01"


@pytest.fixture
def built(db: None) -> Application:
    call_command("publish_catalog", verbosity=0)
    return make.application()


def office(of: Application, action: str) -> str:
    return f"/admin/applications/application/{quote(of.pk)}/{action}/"


def listed(admin: Client, revision: str) -> str:
    page = reverse("admin:applications_application_changelist")
    return admin.get(page, {"revision": f"{VERSION} {revision}"}).content.decode()


def test_an_operator_moves_an_application_without_a_time_limit(
    built: Application, admin: Client, operator: User
) -> None:
    assert f"{VERSION} in {NEW}, none newer" in admin.get(office(built, "change")).content.decode()
    page = admin.get(office(built, "move-revision")).content.decode()
    assert f"{VERSION} in {OLD}" in page
    assert f"{VERSION} in {NEW}" not in page
    admin.post(office(built, "move-revision"), {"to": f"{VERSION} {OLD}", "reason": "They asked."})
    assert pins.standing(built, VERSION).revision == OLD
    event = Event.objects.get(type="application.revision_changed")
    assert (event.actor, event.data["reason"]) == (operator.pk, "They asked.")
    assert f"{VERSION} in {OLD}, 1 newer" in admin.get(office(built, "change")).content.decode()


def test_who_may_not_review_moves_nothing(built: Application, client: Client) -> None:
    client.force_login(make.user(is_staff=True))
    answer = client.post(office(built, "move-revision"), {"to": f"{VERSION} {OLD}", "reason": "x"})
    assert answer.status_code == 403
    assert pins.standing(built, VERSION).revision == NEW


def test_applications_are_listed_by_the_revision_that_holds(
    built: Application, admin: Client
) -> None:
    assert built.name in listed(admin, NEW)
    assert built.name not in listed(admin, OLD)
    Pin.objects.all().delete()
    assert built.name in listed(admin, OLD)
    assert built.name not in listed(admin, NEW)
