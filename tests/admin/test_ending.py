"""The operator sees who still uses what ends, takes it along as a file, and writes to them."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.core import clock
from apps.keys.models import Key
from apps.notifications.models import Message
from apps.usage.models import Letter
from tests.support import make, traffic

pytestmark = pytest.mark.django_db
LIST = "/admin/usage/letter/"
PAGE = "/admin/usage/letter/about/?subject=pets%2Fv1"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {"/pets": {"get": {"operationId": "pets_list"}}},
}


@pytest.fixture
def key(operator: User) -> Key:
    """A key that called what ends in 30 days."""
    upstream = serving.set_upstream("pets", targets={"http://10.0.0.1": 1}, actor=operator)
    version = catalog.publish("pets", major=1, document=DOCUMENT, upstream=upstream, actor=None)
    ends = clock.real() + timedelta(days=30)
    catalog.change_version(version, sunset_at=ends, actor=operator)
    made = make.key(make.application(name="=Invoicer")).key
    traffic.serve(made, api="pets", operation="pets_list", path="/pets/v1/pets")
    return made


def test_all_that_ends_leads_to_who_still_uses_it(admin: Client, key: Key) -> None:
    html = admin.get(LIST).content.decode()
    assert 'href="/admin/usage/letter/about/?subject=pets/v1"' in html
    page = admin.get(PAGE).content.decode()
    assert "=Invoicer" in page
    assert key.application.organization.name in page
    assert "As the first of them reads it" in page
    assert "Sandbox: 1 call in the last 28 days" in page
    assert admin.get("/admin/usage/letter/about/?subject=cats/v1").status_code == 404


def test_the_file_has_a_row_for_each_and_no_formula(admin: Client, key: Key) -> None:
    answer = admin.get("/admin/usage/letter/about.csv?subject=pets/v1")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(StringIO(answer.content.decode())))
    today = str(clock.real().date())
    owner = key.application
    assert rows[0][-3:] == ["calls_7_days", "calls_28_days", "last_call"]
    assert rows[1:] == [
        [owner.pk, "'=Invoicer", owner.organization.name, "sandbox", "1", "1", today]
    ]


def test_a_letter_is_looked_at_and_then_written_once(admin: Client, key: Key) -> None:
    told = {"campaign": "First", "words": "Use <v2>."}
    shown = admin.post(PAGE, told).content.decode()
    assert "Use &lt;v2&gt;." in shown
    assert not Message.objects.exists()
    for said in ("Letters are written for 1 applications.", "Everybody has this letter already."):
        page = admin.post(PAGE, {**told, "send": ""}, follow=True).content.decode()
        assert said in page
    assert Letter.objects.get().words == "Use <v2>."
    assert "Use <v2>." in Message.objects.get().text
    assert admin.post(PAGE, {"campaign": "", "send": ""}).status_code == 200
    assert Letter.objects.count() == 1


def test_who_may_look_may_not_write(client: Client, key: Key) -> None:
    looker = make.user(is_staff=True)
    client.force_login(looker)
    assert client.get(LIST).status_code == 403
    assert client.get("/admin/usage/letter/about.csv?subject=pets/v1").status_code == 403
    looker.user_permissions.add(Permission.objects.get(codename="view_letter"))
    client.force_login(User.objects.get(pk=looker.pk))
    assert "Write to" not in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"campaign": "First", "send": ""}).status_code == 403
    assert not Letter.objects.exists()
    assert not Message.objects.exists()
