"""A device without a browser waits until its owner has decided elsewhere."""

import re
from typing import Any

import pytest
from django.conf import settings
from time_machine import TimeMachineFixture

from apps.core import clock
from apps.core.errors import Missing
from apps.oauth import devices
from apps.oauth.models import AccessToken, DeviceGrant
from tests.support import oauth
from tests.support.oauth import Merchant, Party

pytestmark = pytest.mark.django_db

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def begin(party: Party, scope: str = "openid") -> dict[str, Any]:
    return oauth.post("device_authorization", party.fields(scope=scope)).body


def found(user_code: str, by: Merchant) -> DeviceGrant:
    return devices.find(user_code, user=by.user, address="192.0.2.1")


def allow(grant: DeviceGrant, by: Merchant) -> None:
    devices.allow(
        grant, tenant=by.tenant, scopes=["openid"], auth_time=clock.real(), sid="s", actor=by.user
    )


def test_a_device_learns_where_its_owner_decides() -> None:
    begun = begin(oauth.public())
    page = f"{settings.PORTAL_URL}/device"
    assert begun["verification_uri"] == page
    assert begun["verification_uri_complete"] == f"{page}?user_code={begun['user_code']}"
    assert (begun["expires_in"], begun["interval"]) == (600, 5)
    assert re.fullmatch("[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}", begun["user_code"])


def test_a_public_client_gets_tokens_for_who_allowed_it() -> None:
    party, by = oauth.public(), oauth.merchant()
    begun = begin(party)
    allow(found(begun["user_code"], by), by)
    answer = party.token(DEVICE, device_code=begun["device_code"])
    assert answer.status == 200
    token = AccessToken.objects.get()
    assert (token.user, token.tenant, token.sid) == (by.user, by.tenant, "s")
    assert token.family == DeviceGrant.objects.get().family


def test_what_a_device_names_when_it_begins_is_what_its_tokens_are_for() -> None:
    party, by, api = oauth.public(), oauth.merchant(), settings.API_URL
    fields = party.fields(scope="openid", resource=api)
    begun = oauth.post("device_authorization", fields).body
    allow(found(begun["user_code"], by), by)
    elsewhere = party.token(
        DEVICE, device_code=begun["device_code"], resource="https://evil.example"
    )
    assert elsewhere.error == "invalid_target"
    assert not AccessToken.objects.exists()
    DeviceGrant.objects.update(polled_at=None)
    assert party.token(DEVICE, device_code=begun["device_code"]).status == 200
    assert AccessToken.objects.get().resource == [api]


def test_a_device_that_asks_for_tokens_of_another_platform_never_begins() -> None:
    fields = oauth.public().fields(scope="openid", resource="https://evil.example")
    assert oauth.post("device_authorization", fields).error == "invalid_target"
    assert not DeviceGrant.objects.exists()


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}".lower(), "{0:.4}{1}"])
def test_people_type_codes_in_their_own_way(typed: str) -> None:
    by, code = oauth.merchant(), begin(oauth.public())["user_code"]
    if typed == "{0:.4}{1}":
        typed = code.replace("-", " ").lower()
    assert found(typed.format(code), by).status == DeviceGrant.AUTHORIZATION_PENDING


def test_a_device_that_was_turned_away_is_told_so() -> None:
    party, by = oauth.public(), oauth.merchant()
    begun = begin(party)
    devices.deny(found(begun["user_code"], by), actor=by.user)
    assert party.token(DEVICE, device_code=begun["device_code"]).error == "access_denied"
    assert not AccessToken.objects.exists()


def test_nobody_decides_twice() -> None:
    by, begun = oauth.merchant(), begin(oauth.public())
    grant = found(begun["user_code"], by)
    devices.deny(grant, actor=by.user)
    with pytest.raises(Missing):
        allow(grant, by)
    with pytest.raises(Missing):
        found(begun["user_code"], by)


def test_nobody_decides_too_late(time_machine: TimeMachineFixture) -> None:
    by, begun = oauth.merchant(), begin(oauth.public())
    grant = found(begun["user_code"], by)
    oauth.later(time_machine, 601)
    with pytest.raises(Missing):
        allow(grant, by)
    with pytest.raises(Missing):
        found(begun["user_code"], by)


def test_nobody_fills_the_table_from_one_address() -> None:
    party = oauth.public()
    asked = [oauth.post("device_authorization", party.fields(scope="openid")) for _ in range(61)]
    assert {answer.status for answer in asked[:60]} == {200}
    assert (asked[60].status, asked[60].error) == (429, "temporarily_unavailable")
    assert DeviceGrant.objects.count() == 60


def test_a_client_asks_for_what_it_may_have() -> None:
    refused = oauth.post("device_authorization", oauth.public().fields(scope="openid x:y"))
    assert refused.error == "invalid_scope"
    assert "x:y" in refused.said
    assert not DeviceGrant.objects.exists()


def test_a_client_that_is_not_registered_for_devices_is_told_so() -> None:
    party = oauth.public(grant_types=["authorization_code"])
    assert oauth.post("device_authorization", party.fields()).error == "unauthorized_client"
    assert party.token(DEVICE, device_code="x").error == "unauthorized_client"
