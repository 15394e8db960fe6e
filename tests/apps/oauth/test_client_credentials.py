"""A client acts for itself, in a tenant of its own organization, and cheaply."""

import time
from statistics import median

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.applications.models import Application
from apps.oauth.models import AccessToken, RefreshToken
from apps.tenants.models import Tenant
from tests.support import make, oauth
from tests.support.oauth import Party

pytestmark = pytest.mark.django_db

CPU = 0.015  # seconds for each request
CALM = 5  # rounds, of which one has to be calm


@pytest.fixture
def party() -> Party:
    return oauth.confidential()


@pytest.fixture
def sandbox(party: Party) -> Tenant:
    return make.sandbox(party.client.application.organization)


def test_it_acts_in_the_first_sandbox_unless_it_names_one(party: Party, sandbox: Tenant) -> None:
    other = make.sandbox(party.client.application.organization)
    assert party.token("client_credentials").status == 200
    assert AccessToken.objects.latest("pk").tenant == sandbox
    assert party.token("client_credentials", tenant=other.pk).status == 200
    assert AccessToken.objects.latest("pk").tenant == other


def test_no_user_no_refresh_token_and_no_id_token_come_with_it(
    party: Party, sandbox: Tenant
) -> None:
    body = party.token("client_credentials").body
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    token = AccessToken.objects.get()
    assert (token.user, token.family) == (None, None)
    assert not RefreshToken.objects.exists()


def test_tenants_of_others_and_of_the_other_kind_do_not_exist_for_it(
    party: Party, sandbox: Tenant
) -> None:
    live = make.live(party.client.application.organization)
    for tenant in (live.pk, make.sandbox().pk, "tnt_nonsense", "x" * 500, "é"):
        refused = party.token("client_credentials", tenant=tenant)
        assert (refused.status, refused.error) == (400, "invalid_request")
        assert "tenant" in refused.said
    assert not AccessToken.objects.exists()


def test_without_any_sandbox_it_is_told_so(party: Party) -> None:
    refused = party.token("client_credentials")
    assert refused.error == "invalid_request"
    assert "no sandbox tenant" in refused.said


def test_scopes_are_those_it_asks_for_or_those_its_application_asks_for(
    party: Party, sandbox: Tenant
) -> None:
    make.scopes("orders:read", "orders:write")
    Application.objects.update(requested_scopes=["orders:read"])
    assert party.token("client_credentials").body["scope"] == "orders:read"
    both = party.token("client_credentials", scope="orders:write orders:read orders:write")
    assert both.body["scope"] == "orders:write orders:read"


@pytest.mark.parametrize("scope", ["openid", "offline_access", "orders:delete", "x" * 5000])
def test_a_scope_that_does_not_exist_or_needs_a_person_is_refused(
    party: Party, sandbox: Tenant, scope: str
) -> None:
    refused = party.token("client_credentials", scope=scope)
    assert (refused.status, refused.error) == (400, "invalid_scope")
    assert scope[:100] in refused.said
    assert not AccessToken.objects.exists()


def test_a_live_client_has_what_a_reviewer_approved() -> None:
    party = oauth.confidential(environment="live")
    make.scopes("orders:read", "orders:write")
    Application.objects.update(state="approved", approved_scopes=["orders:read"])
    assert party.token("client_credentials", scope="orders:read").status == 200
    assert party.token("client_credentials", scope="orders:write").error == "invalid_scope"


def test_its_token_says_live_or_test_in_its_text(party: Party, sandbox: Tenant) -> None:
    assert party.token("client_credentials").body["access_token"].startswith("trl_test_a")


@pytest.mark.usefixtures("sandbox")
def test_it_costs_few_queries_and_no_slow_hash(party: Party) -> None:
    party.token("client_credentials")  # notes last use, which happens every five minutes
    with CaptureQueriesContext(connection) as captured:
        party.token("client_credentials")
    asked = [query for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(asked) <= 8
    assert any(_cost(party) <= CPU for _ in range(CALM)), "a slow hash is slow in every round"


def _cost(party: Party) -> float:
    """Return what a request costs this thread; others on the machine make it dearer for a while."""
    costs = []
    for _ in range(5):
        began = time.thread_time()
        party.token("client_credentials")
        costs.append(time.thread_time() - began)
    return median(costs)
