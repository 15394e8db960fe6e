"""Who is done with a token ends it, and every gateway hears of it (RFC 7009)."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks
from redis.client import PubSub
from time_machine import TimeMachineFixture

from apps.core import invalidation, valkey
from apps.events.models import Event
from apps.oauth import clients, consents, families, revocation
from apps.oauth.models import AccessToken, Consent, DeviceGrant, RefreshToken
from apps.oauth.models.client import GrantType
from tests.support import make, oauth
from tests.support.oauth import Merchant, Party

pytestmark = pytest.mark.django_db


@pytest.fixture
def party() -> Party:
    return oauth.confidential()


@pytest.fixture
def heard() -> Iterator[PubSub]:
    """What gateways hear."""
    with valkey.client().pubsub() as listening:  # type: ignore[no-untyped-call]  # redis-py has none
        listening.subscribe(invalidation.CHANNEL)
        listening.get_message(timeout=1)
        yield listening


def digests() -> list[bytes]:
    checksums = AccessToken.objects.order_by("pk").values_list("token_checksum", flat=True)
    return [bytes.fromhex(checksum) for checksum in checksums]


def cached(digest: bytes) -> Any:
    return json.loads(valkey.client().get(invalidation.cache_name(digest)) or "null")


def messages(heard: PubSub) -> set[str]:
    found = set()
    while message := heard.get_message(timeout=0.2):
        found.add(message["data"].decode())
    return found


def test_a_refresh_token_goes_with_all_of_its_family(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    answer = oauth.post("revoke", party.fields(token=body["refresh_token"]))
    assert (answer.status, answer.body) == (200, {})
    assert not AccessToken.objects.usable().exists()
    assert party.refresh(body["refresh_token"]).error == "invalid_grant"
    assert Event.objects.get(type="token.revoked").data["reason"] == "revoked_by_client"


def test_an_access_token_goes_alone(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    fields = party.fields(token=body["access_token"], token_type_hint="refresh_token")
    assert oauth.post("revoke", fields).status == 200
    assert not AccessToken.objects.usable().exists()
    assert party.refresh(body["refresh_token"]).status == 200


def test_a_public_client_may_revoke_its_own() -> None:
    public = oauth.public()
    body = public.redeem(oauth.code(public)).body
    assert oauth.post("revoke", public.fields(token=body["refresh_token"])).status == 200
    assert not AccessToken.objects.usable().exists()


def test_what_is_no_token_is_revoked_already(party: Party) -> None:
    for token in ("unknown", "eyJ.a.b", "é"):
        assert oauth.post("revoke", party.fields(token=token)).status == 200
    assert not Event.objects.filter(type="token.revoked").exists()


def test_revoking_twice_is_harmless_and_told_once(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    for _ in range(2):
        assert oauth.post("revoke", party.fields(token=body["access_token"])).status == 200
    assert Event.objects.filter(type="token.revoked").count() == 1


def test_nobody_revokes_anothers_token(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    other = oauth.confidential()
    for token in (body["access_token"], body["refresh_token"]):
        refused = oauth.post("revoke", other.fields(token=token))
        assert (refused.status, refused.error) == (400, "unauthorized_client")
    assert AccessToken.objects.usable().count() == 1


def test_gateways_hear_of_it_and_find_a_tombstone(party: Party, heard: PubSub) -> None:
    body = party.redeem(oauth.code(party)).body
    oauth.post("revoke", party.fields(token=body["access_token"]))
    [digest] = digests()
    revocation.follow(list(Event.objects.filter(type="token.revoked")))
    assert cached(digest) == {"dead": "token_revoked"}
    assert f"key:{digest.hex()}" in messages(heard)


@pytest.mark.parametrize("kind", ["application.suspended", "organization.suspended"])
def test_a_suspension_lets_gateways_read_afresh(party: Party, heard: PubSub, kind: str) -> None:
    party.redeem(oauth.code(party))
    [digest] = digests()
    name = invalidation.cache_name(digest)
    valkey.client().set(name, json.dumps({"alive": True}))
    application = party.client.application
    revocation.follow(
        [
            Event(
                type=kind,
                subject=application.pk,
                application=application.pk,
                organization=application.organization_id,
            )
        ]
    )
    assert valkey.client().get(name) is None
    assert f"key:{digest.hex()}" in messages(heard)


def test_a_changed_client_is_read_afresh_and_no_other(party: Party, heard: PubSub) -> None:
    other = oauth.confidential(party.client.application)
    for one in (party, other):
        one.redeem(oauth.code(one))
    changed, kept = digests()
    for digest in (changed, kept):
        valkey.client().set(invalidation.cache_name(digest), json.dumps({"alive": True}))
    clients.change(party.client, actor=None, ip_allow=["192.0.2.0/24"])
    revocation.follow(list(Event.objects.filter(type="client.changed")))
    assert (cached(changed), cached(kept)) == (None, {"alive": True})
    assert f"key:{changed.hex()}" in messages(heard)


def test_a_deactivated_user_loses_every_token(party: Party) -> None:
    by = oauth.merchant()
    body = party.redeem(oauth.code(party, by)).body
    other = party.redeem(oauth.code(party)).body
    revocation.follow([Event(type="user.deactivated", subject=by.user.pk)])
    assert AccessToken.objects.usable().count() == 1
    assert party.refresh(body["refresh_token"]).error == "invalid_grant"
    assert party.refresh(other["refresh_token"]).status == 200


def test_who_leaves_an_organization_leaves_no_token_in_its_tenants(party: Party) -> None:
    by = oauth.merchant()
    elsewhere = Merchant(by.user, make.sandbox(make.organization(by.user)))
    party.redeem(oauth.code(party, by))
    kept = party.redeem(oauth.code(party, elsewhere)).body
    organization = by.tenant.organization
    left = Event(type="member.removed", subject=by.user.pk, organization=organization.pk)
    revocation.follow([left])
    assert AccessToken.objects.usable().count() == 2  # still a member: nothing happens
    organization.memberships.all().delete()
    revocation.follow([left])
    assert AccessToken.objects.usable().get().tenant == elsewhere.tenant
    assert party.refresh(kept["refresh_token"]).status == 200


def test_who_leaves_an_organization_takes_back_what_they_agreed_to_there(party: Party) -> None:
    by = oauth.merchant()
    elsewhere = Merchant(by.user, make.sandbox(make.organization(by.user)))
    given = [
        consents.give(party.client, user=by.user, tenant=tenant, scopes=["openid"], actor=by.user)
        for tenant in (by.tenant, elsewhere.tenant)
    ]
    party.redeem(oauth.code(party, by))
    organization = by.tenant.organization
    organization.memberships.all().delete()
    left = Event(type="member.removed", subject=by.user.pk, organization=organization.pk)
    for _ in range(2):
        revocation.follow([left])
    assert list(Consent.objects.standing()) == [given[1]]
    assert not AccessToken.objects.usable().exists()
    event = Event.objects.get(type="consent.revoked")
    assert (event.subject, event.actor) == (given[0].pk, "system")


@pytest.mark.parametrize("what", ["client", "application"])
def test_gateways_refuse_what_a_deleted_client_or_application_had_at_once(
    party: Party,
    heard: PubSub,
    what: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    application = party.client.application
    key = make.key(application).key
    party.redeem(oauth.code(party))
    [token] = digests()
    with django_capture_on_commit_callbacks(execute=True):
        if what == "client":
            clients.delete(party.client, actor=None)
        else:
            application.delete()
    said = messages(heard)
    assert cached(token) == {"dead": "token_revoked"}
    assert f"key:{token.hex()}" in said
    gone = what == "application"
    assert cached(bytes(key.digest)) == ({"dead": "key_revoked"} if gone else None)
    assert (f"key:{bytes(key.digest).hex()}" in said) == gone


def test_nothing_is_buried_when_a_deletion_is_taken_back(party: Party) -> None:
    party.redeem(oauth.code(party))
    [token] = digests()
    with suppress(ZeroDivisionError), transaction.atomic():
        party.client.application.delete()
        raise ZeroDivisionError
    assert AccessToken.objects.usable().exists()
    assert cached(token) is None


def test_an_end_user_of_a_tenant_keeps_what_they_allowed_there(party: Party) -> None:
    by = oauth.merchant()
    by.tenant.memberships.create(user=by.user)
    party.redeem(oauth.code(party, by))
    organization = by.tenant.organization
    organization.memberships.all().delete()
    left = Event(type="member.removed", subject=by.user.pk, organization=organization.pk)
    revocation.follow([left])
    assert AccessToken.objects.usable().count() == 1


def test_a_suspended_organizations_tenants_are_read_afresh_for_every_client(
    party: Party, heard: PubSub
) -> None:
    by = oauth.merchant()
    party.redeem(oauth.code(party, by))
    [digest] = digests()
    organization = by.tenant.organization_id
    suspended = Event(
        type="organization.suspended", subject=organization, organization=organization
    )
    revocation.follow([suspended])
    assert {f"key:{digest.hex()}", f"org:{organization}"} <= messages(heard)


def test_all_that_a_client_got_ends_together(party: Party) -> None:
    make.sandbox(party.client.application.organization)
    other = oauth.confidential(party.client.application)
    party.redeem(oauth.code(party))
    party.token("client_credentials")
    unredeemed = oauth.code(party)
    oauth.post("device_authorization", party.fields(scope="openid"))
    other.redeem(oauth.code(other))
    families.end_all(client=party.client, reason="client changed", actor=None)
    assert list(AccessToken.objects.usable().values_list("application", flat=True)) == [
        other.client.pk
    ]
    assert not RefreshToken.objects.filter(application=party.client, revoked=None).exists()
    assert party.redeem(unredeemed).error == "invalid_grant"
    assert not DeviceGrant.objects.filter(redeemed_at=None).exists()


def test_what_a_user_let_one_client_do_in_one_tenant_ends_alone(party: Party) -> None:
    by, elsewhere = oauth.merchant(), oauth.confidential()
    kept = elsewhere.redeem(oauth.code(elsewhere, by)).body
    party.redeem(oauth.code(party, by))
    count = families.end_all(
        user=by.user, client=party.client, tenant=by.tenant, reason="consent revoked", actor=by.user
    )
    assert count == 1
    assert elsewhere.refresh(kept["refresh_token"]).status == 200
    event = Event.objects.get(type="token.revoked")
    assert (event.actor, event.tenant) == (by.user.pk, by.tenant.pk)


def test_a_device_that_waits_for_another_tenant_or_person_is_left_alone(party: Party) -> None:
    by = oauth.merchant()
    ending, other = oauth.device_code(party, by), oauth.device_code(party)
    families.end_all(client=party.client, tenant=by.tenant, reason="x", actor=None)
    grant_type = GrantType.DEVICE
    assert party.token(grant_type, device_code=ending).error == "invalid_grant"
    assert party.token(grant_type, device_code=other).status == 200


def test_a_family_whose_access_tokens_have_expired_ends_in_the_log_too(
    party: Party, time_machine: TimeMachineFixture
) -> None:
    party.redeem(oauth.code(party))
    oauth.later(time_machine, 3601)
    AccessToken.objects.all().delete()
    families.end_all(client=party.client, reason="client changed", actor=None)
    event = Event.objects.get(type="token.revoked")
    assert event.data["digests"] == []
    assert event.data["client_id"] == party.client.client_id


def test_ending_nothing_in_particular_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        families.end_all(reason="", actor=None)


def test_the_toolkits_own_revoking_leaves_the_row(party: Party) -> None:
    party.redeem(oauth.code(party))
    token = AccessToken.objects.get()
    token.revoke()
    token.refresh_from_db()
    assert token.revoked_at is not None
