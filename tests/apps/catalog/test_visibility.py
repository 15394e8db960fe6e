"""An API that is not for everybody does not exist for others: in documents, choices and rights."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from apps.applications import scopes as asking
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, Scope
from apps.core.errors import Problem
from apps.keys.errors import UnknownScope
from apps.oauth import resources, scopes
from apps.oauth.errors import InvalidTargetError
from apps.onboarding import services as onboarding
from apps.orgs import services as orgs
from apps.orgs.models import Organization
from tests.support import make, management
from tests.support.queries import Queries

pytestmark = pytest.mark.django_db
PAGES = ["docs", "scopes", "swagger", "llms"]


def document(slug: str) -> dict[str, Any]:
    paths = {"/things": {"get": {"operationId": f"{slug}_list", "x-trellis-scopes": SCOPES[slug]}}}
    return {"openapi": "3.1.0", "info": {"title": f"The {slug} API"}, "paths": paths}


SCOPES = {
    "open": ["open:read", "shared:read"],
    "close": ["close:read", "shared:read"],
    "inner": ["inner:read", "close:read"],
}
OPEN, CLOSE, INNER = {"open:read", "shared:read"}, {"close:read"}, {"inner:read"}


@pytest.fixture
def operator() -> User:
    return make.operator()


@pytest.fixture
def stranger() -> User:
    return make.developer()


@pytest.fixture
def partner() -> User:
    return make.developer()


@pytest.fixture
def insider() -> User:
    return make.developer()


def own(user: User) -> Organization:
    return Organization.objects.get(memberships__user=user)


@pytest.fixture(autouse=True)
def _published(operator: User, partner: User, insider: User) -> None:
    upstream = serving.set_upstream("one", targets={"http://10.0.0.1": 1}, actor=operator)
    for slug, visibility in (("open", "public"), ("close", "partner"), ("inner", "internal")):
        catalog.publish(
            slug, major=1, document=document(slug), upstream=upstream, visibility=visibility
        )
    close = Api.objects.get(slug="close")
    catalog.set_partners(close, organizations=[own(partner)], actor=operator)
    # To be listed as a partner of an internal API means nothing.
    inner = Api.objects.get(slug="inner")
    catalog.set_partners(inner, organizations=[own(partner)], actor=operator)
    orgs.set_internal(own(insider), internal=True, reason="Ours.", actor=operator)


def shown(user: User | None) -> set[str]:
    known = Scope.objects.shown_to(*([own(user).pk] if user else []))
    return set(
        known.filter(name__regex="^(open|shared|close|inner)").values_list("name", flat=True)
    )


def test_scopes_are_those_of_the_apis_that_one_may_know_of(
    stranger: User, partner: User, insider: User
) -> None:
    assert shown(None) == shown(stranger) == OPEN
    assert shown(partner) == OPEN | CLOSE
    assert shown(insider) == OPEN | CLOSE | INNER


def test_pages_show_only_what_one_may_know_of(
    client: Client, stranger: User, partner: User, insider: User
) -> None:
    for user, hidden in (
        (None, ["close", "inner"]),
        (stranger, ["close", "inner"]),
        (partner, ["inner"]),
        (insider, []),
    ):
        if user:
            client.force_login(user)
        for page in PAGES:
            html = client.get(reverse(f"portal:{page}"), follow=True).content.decode()
            visible = [slug for slug in ("close", "inner") if slug not in hidden]
            for slug in hidden:
                assert f"{slug}/v1" not in html, (user, page)
                assert f"{slug}:read" not in html, (user, page)
                assert f"The {slug} API" not in html, (user, page)
            if user and page == "docs":
                assert all(f"The {slug} API" in html for slug in visible)


def test_a_document_is_missing_to_a_stranger_as_one_that_never_was(
    client: Client, stranger: User, partner: User
) -> None:
    client.force_login(stranger)
    missing = client.get("/docs/openapi/never/v1.json")
    assert missing.status_code == 404
    hidden = client.get("/docs/openapi/close/v1.json")
    assert hidden.status_code == 404
    assert hidden.content.replace(b"close", b"never") == missing.content
    client.force_login(partner)
    assert client.get("/docs/openapi/close/v1.json").json()["info"]["title"] == "The close API"


def test_an_imported_document_leads_to_the_gateway(client: Client, settings: Settings) -> None:
    settings.API_URL = "https://api.example"
    found = client.get("/docs/openapi/open/v1.json").json()
    assert found["servers"] == [{"url": "https://api.example/open/v1"}]
    get = found["paths"]["/things"]["get"]
    assert get["security"] == [{"bearer": []}]
    assert get["x-trellis-scopes"] == SCOPES["open"]
    assert list(found["components"]["securitySchemes"]) == ["bearer"]


def test_a_key_is_not_issued_for_scopes_that_one_may_not_know_of(
    stranger: User, partner: User
) -> None:
    with pytest.raises(UnknownScope, match=r"There is no scope close:read\."):
        make.key(make.application(own(stranger)), scopes=("close:read",))
    application = make.application(own(partner))
    assert make.key(application, scopes=("close:read",)).key.scopes == ["close:read"]


def test_a_first_key_knows_of_no_hidden_scope(client: Client) -> None:
    make.plan()
    welcome = onboarding.welcome(make.user())
    assert welcome is not None
    assert not {*CLOSE, *INNER} & set(welcome.key.scopes)
    assert set(welcome.key.scopes) >= OPEN


def test_authorization_knows_of_no_hidden_api(
    stranger: User, partner: User, client: Client
) -> None:
    assert not {*CLOSE, *INNER} & scopes.known().keys()
    told = client.get("/.well-known/oauth-authorization-server").json()["scopes_supported"]
    assert set(told) & {*OPEN, *CLOSE, *INNER} == OPEN
    base = "http://localhost:8080"
    assert resources.check([f"{base}/close/v1"], organization=own(partner).pk)
    for wanted in ("close", "inner", "never"):
        with pytest.raises(InvalidTargetError, match="none of our APIs"):
            resources.check([f"{base}/{wanted}/v1"], organization=own(stranger).pk)


def test_an_application_cannot_ask_for_a_hidden_scope(stranger: User) -> None:
    application = make.application(own(stranger))
    with pytest.raises(Problem, match=r"There is no scope inner:read\."):
        asking.ask(application, scopes=["inner:read"], actor=stranger)
    application.refresh_from_db()
    assert application.requested_scopes == []


def test_the_platforms_own_api_lists_no_hidden_scope(stranger: User, insider: User) -> None:
    for user, expected in ((stranger, OPEN), (insider, OPEN | CLOSE | INNER)):
        caller = management.sandboxed(own(user))
        found = {one["id"] for one in caller.get("scopes?limit=100").json()["data"]}
        assert found & {*OPEN, *CLOSE, *INNER} == expected


def test_no_number_of_apis_costs_more_queries(operator: User, partner: User) -> None:
    def look() -> None:
        list(Scope.objects.shown_to(own(partner).pk))

    before = Queries().of(look)
    upstream = serving.set_upstream("two", targets={"http://10.0.0.1": 1}, actor=operator)
    for number in range(3):
        SCOPES[f"more{number}"] = [f"more{number}:read"]
        catalog.publish(
            f"more{number}",
            major=1,
            document=document(f"more{number}"),
            upstream=upstream,
            visibility="internal",
        )
    assert Queries().of(look) == before
