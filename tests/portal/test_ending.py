"""Developers see which of their applications still use what is deprecated or ends."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, ApiVersion
from apps.core import clock
from apps.keys.models import Key
from apps.usage import letters
from apps.usage.selectors.ending import find
from tests.support import make, traffic
from tests.support.browsers import of

pytestmark = pytest.mark.django_db
PAGE = {"in": "query", "name": "page", "deprecated": True}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {"/pets": {"get": {"operationId": "pets_list", "parameters": [PAGE]}}},
}
MOVING, LIST = "/docs/moving/pets/v1", "/usage/deprecated"
NONE = "None of your applications called anything of it"


@pytest.fixture
def version() -> ApiVersion:
    upstream = serving.set_upstream("pets", targets={"http://10.0.0.1:9000": 1}, actor=None)
    made = catalog.publish("pets", major=1, document=DOCUMENT, upstream=upstream)
    ends = clock.real() + timedelta(days=30)
    catalog.change_version(made, deprecated_at=clock.real(), sunset_at=ends, actor=None)
    return made


@pytest.fixture
def key(developer: User) -> Key:
    return make.key(make.application(developer.memberships.get().organization)).key


def call(key: Key) -> None:
    trace = orjson.dumps([["ending", "passed", {"used": ["query:page"]}]])
    traffic.serve(key, api="pets", operation="pets_list", path="/pets/v1/pets", trace=trace)


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_what_ones_applications_still_use_is_said_where_one_looks(
    version: ApiVersion, key: Key, developer: User
) -> None:
    call(key)
    mine = of(developer)
    said = f"{key.application} still uses pets/v1. It ends on {version.sunset_at:%-d %b %Y}."
    for address in ("/overview", "/usage", f"/applications/{key.application_id}"):
        page = read(mine, address)
        assert said in page
        assert f'href="{LIST}"' in page
    page = read(mine, LIST)
    assert f'href="{MOVING}"' in page
    assert "pets_list" in page
    assert "query parameter <code>page</code>" in page
    moving = read(mine, MOVING)
    assert "Your applications still call" in moving
    assert "query parameter <code>page</code>" in moving
    assert NONE not in moving


def test_what_has_ended_and_is_still_called_is_said_too(
    version: ApiVersion, key: Key, developer: User
) -> None:
    past = clock.real() - timedelta(days=2)
    catalog.change_version(version, deprecated_at=past, sunset_at=past, actor=None)
    call(key)
    page = read(of(developer), "/overview")
    assert f"{key.application} still uses pets/v1. It ended on {past:%-d %b %Y}." in page
    found = find("pets/v1")
    assert found is not None
    to = letters.addressees(found, campaign="First")[0]
    assert f"which ended on {past:%-d %B %Y}." in letters.written(found, to, words="")


def test_who_uses_nothing_of_it_is_told_so_and_strangers_see_nobodys_calls(
    version: ApiVersion, key: Key, developer: User, client: Client
) -> None:
    call(make.key(make.application(name="Somebody Else")).key)
    mine = of(developer)
    assert NONE in read(mine, MOVING)
    assert "Nothing of yours ends" in read(mine, LIST)
    assert "still uses" not in read(mine, "/overview")
    stranger = read(client, MOVING)
    assert "Somebody Else" not in stranger
    assert NONE not in stranger
    assert client.get(LIST).status_code == 302


def test_an_api_that_one_may_no_longer_know_of_is_named_nowhere(
    version: ApiVersion, key: Key, developer: User
) -> None:
    call(key)
    Api.objects.update(visibility=Api.Visibility.INTERNAL)
    mine = of(developer)
    assert "pets" not in read(mine, LIST).lower()
    assert "still uses" not in read(mine, "/overview")
