"""A refresh token is good once; a second use ends all that came from the same authorization."""

from typing import Any

import pytest
from django.conf import settings
from time_machine import TimeMachineFixture

from apps.applications.models import Application
from apps.catalog.models import Api, ApiVersion
from apps.core import clock
from apps.events.models import Event
from apps.oauth.models import AccessToken, RefreshToken
from tests.support import oauth, oidc
from tests.support.oauth import Party

pytestmark = pytest.mark.django_db

DAY = 24 * 3600


def begun(party: Party, **more: Any) -> str:
    """Return a first refresh token."""
    return str(party.redeem(oauth.code(party, **more)).body["refresh_token"])


def test_each_refresh_hands_out_another_token_of_the_same_family() -> None:
    party = oauth.confidential()
    answer = party.refresh(begun(party))
    assert answer.status == 200
    old, new = RefreshToken.objects.order_by("pk")
    assert old.revoked is not None
    assert new.revoked is None
    assert old.token_family == new.token_family
    assert (new.ends_at, new.sid, new.tenant, new.scope) == (
        old.ends_at,
        old.sid,
        old.tenant,
        old.scope,
    )
    assert party.refresh(answer.body["refresh_token"]).status == 200


def test_a_second_use_ends_the_whole_family() -> None:
    party = oauth.confidential()
    first = begun(party)
    second = party.refresh(first).body["refresh_token"]
    refused = party.refresh(first)
    assert (refused.status, refused.error) == (400, "invalid_grant")
    assert "revoked" in refused.said
    assert not AccessToken.objects.usable().exists()
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert party.refresh(second).error == "invalid_grant"


def test_the_end_of_a_family_is_an_event_that_names_its_tokens() -> None:
    party = oauth.confidential()
    first = begun(party)
    party.refresh(first)
    party.refresh(first)
    event = Event.objects.get(type="token.revoked")
    assert event.data["reason"] == "refresh_token_replayed"
    assert set(event.data["digests"]) == set(
        AccessToken.objects.values_list("token_checksum", flat=True)
    )
    assert event.organization == party.client.application.organization_id


def test_another_family_of_the_same_client_lives_on() -> None:
    party = oauth.confidential()
    first, other = begun(party), begun(party)
    party.refresh(first)
    party.refresh(first)
    assert party.refresh(other).status == 200


def test_another_client_cannot_use_a_refresh_token_nor_end_its_family() -> None:
    party, thief = oauth.confidential(), oauth.confidential()
    token = begun(party)
    assert thief.refresh(token).error == "invalid_grant"
    assert not Event.objects.filter(type="token.revoked").exists()
    assert party.refresh(token).status == 200


def test_thirty_days_without_use_end_it(time_machine: TimeMachineFixture) -> None:
    party = oauth.confidential()
    token = begun(party)
    oauth.later(time_machine, 30 * DAY + 1)
    refused = party.refresh(token)
    assert refused.error == "invalid_grant"
    assert "too long" in refused.said


def test_ninety_days_end_it_however_often_it_is_used(time_machine: TimeMachineFixture) -> None:
    party = oauth.confidential()
    token = begun(party)
    for _ in range(4):
        oauth.later(time_machine, 22 * DAY)
        answer = party.refresh(token)
        assert answer.status == 200
        token = answer.body["refresh_token"]
    oauth.later(time_machine, 3 * DAY)
    refused = party.refresh(token)
    assert refused.error == "invalid_grant"
    assert "sign in again" in refused.said


def test_fewer_scopes_may_be_asked_for_and_the_next_refresh_has_all_again() -> None:
    party = oauth.confidential()
    token = begun(party, scope="orders:read orders:write")
    narrow = party.refresh(token, scope="orders:read")
    assert narrow.body["scope"] == "orders:read"
    wide = party.refresh(narrow.body["refresh_token"])
    assert wide.body["scope"] == "orders:read orders:write"


def test_a_refreshed_token_is_for_what_was_authorized_or_for_a_part_of_it() -> None:
    api = Api.objects.create(slug="commerce", name="Commerce")
    for major in (1, 2):
        ApiVersion.objects.create(api=api, major=major, document={}, digest="")
    party = oauth.confidential()
    one, two = (f"{settings.API_URL}/commerce/v{major}" for major in (1, 2))
    token = begun(party, resource=(one,))
    token = party.refresh(token).body["refresh_token"]
    assert AccessToken.objects.latest("pk").resource == [one]
    assert party.refresh(token, resource=one).status == 200
    for beyond in (two, settings.API_URL):
        refused = party.refresh(begun(party, resource=(one,)), resource=beyond)
        assert refused.error == "invalid_target"
    assert {tuple(known.resource) for known in AccessToken.objects.all()} == {(one,)}


def test_more_scopes_than_agreed_are_refused_and_the_token_stays_good() -> None:
    party = oauth.confidential()
    token = begun(party, scope="orders:read")
    assert party.refresh(token, scope="orders:read orders:write").error == "invalid_scope"
    assert party.refresh(token).status == 200


def test_a_scope_that_was_withdrawn_from_a_live_client_is_left_out() -> None:
    party = oauth.confidential(environment="live")
    Application.objects.update(state="approved", approved_scopes=["orders:read", "orders:write"])
    by = oauth.merchant(live=True)
    token = party.redeem(oauth.code(party, by, scope="orders:read orders:write")).body
    Application.objects.update(approved_scopes=["orders:read"])
    assert party.refresh(token["refresh_token"]).body["scope"] == "orders:read"


def test_a_refreshed_id_token_says_when_the_end_user_signed_in_and_repeats_no_nonce() -> None:

    party = oauth.confidential()
    token = begun(party, nonce="n-1")
    claims = oidc.payload(party.refresh(token).body["id_token"])
    assert "nonce" not in claims
    assert "auth_time" in claims


def test_who_lost_their_place_in_the_tenant_is_acted_for_no_more() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    token = party.redeem(oauth.code(party, by)).body["refresh_token"]
    by.tenant.organization.memberships.all().delete()
    assert party.refresh(token).error == "invalid_grant"
    assert AccessToken.objects.count() == 1


def test_a_tenant_of_a_suspended_organization_is_acted_in_no_more() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    token = party.redeem(oauth.code(party, by)).body["refresh_token"]
    type(by.tenant.organization).objects.filter(pk=by.tenant.organization_id).update(
        suspended_at=clock.real()
    )
    assert party.refresh(token).error == "invalid_grant"
    assert AccessToken.objects.count() == 1
