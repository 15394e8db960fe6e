"""The page that an ending version points to says when it ends and how to move on."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.catalog.models import Api, ApiVersion, Operation
from apps.core import clock
from tests.support.browsers import of

pytestmark = pytest.mark.django_db
PAGE = "/docs/moving/books/v1"


@pytest.fixture
def version() -> ApiVersion:
    api = Api.objects.create(slug="books", name="Books")
    ApiVersion.objects.create(api=api, major=2, document={}, digest="")
    return ApiVersion.objects.create(api=api, major=1, document={}, digest="")


def change(version: ApiVersion, **values: Any) -> None:
    ApiVersion.objects.filter(pk=version.pk).update(**values)


def read(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_tells_the_state_of_a_version(client: Client, version: ApiVersion) -> None:
    now = clock.real()
    assert "This version is not deprecated." in read(client)
    change(version, deprecated_at=now - timedelta(days=3))
    assert "its end is not set" in read(client)
    change(version, sunset_at=now + timedelta(days=30))
    assert f"This version ends on {now + timedelta(days=30):%-d %B %Y}" in read(client)
    change(version, sunset_at=now - timedelta(days=1))
    assert f"This version ended on {now - timedelta(days=1):%-d %B %Y}" in read(client)


def test_it_leads_to_what_is_newer_and_shows_the_operators_words(
    client: Client, version: ApiVersion
) -> None:
    Operation.objects.create(
        version=version, name="old", method="GET", path="/old", deprecated=True, summary="Old list"
    )
    Operation.objects.create(version=version, name="new", method="GET", path="/new")
    change(version, deprecated_at=clock.real(), guide="## Names\n\nRead <b>title</b>, not `name`.")
    page = read(client)
    assert "/docs/swagger?api=books/v2" in page
    assert "<code>GET /old</code> — Old list" in page
    assert "/new" not in page
    assert '<h2 id="names">Names</h2>' in page
    assert "&lt;b&gt;title&lt;/b&gt;" in page  # HTML is shown, never passed on.


def test_an_api_that_is_not_for_everybody_has_no_page_for_others(
    client: Client, version: ApiVersion, developer: User
) -> None:
    version.api.visibility = Api.Visibility.PARTNER
    version.api.save()
    assert client.get(PAGE).status_code == 404
    assert of(developer).get(PAGE).status_code == 404
    version.api.partners.create(organization=developer.memberships.get().organization)
    assert of(developer).get(PAGE).status_code == 200
    assert client.get("/docs/moving/books/v9").status_code == 404
