"""What a credential may do by itself: in a sandbox a developer's work, on live data an admin's."""

from dataclasses import replace
from typing import Any

import pytest

from apps.core import ids
from apps.oauth.models import AccessToken, Client
from apps.orgs.models import Invitation, Membership, Role
from tests.support import make, management, oidc
from tests.support.managed import filled
from tests.support.management import ALL, Platform


def with_client_credentials(api: Platform) -> Platform:
    """Let a token that a client got by itself call."""
    client = oidc.client(
        api.application,
        environment=api.key.key.tenant.kind,
        grant_types=["client_credentials"],
    )
    oidc.access_token(client, tenant=api.key.key.tenant, scope=" ".join(ALL))
    token = AccessToken.objects.get(application=client)
    api.caller = replace(api.caller, credential=ids.encode("tok", token.public_id))
    return api


@pytest.mark.parametrize("means", ["key", "client credentials"])
def test_a_sandbox_credential_does_a_developers_work_and_no_more(api: Platform, means: str) -> None:
    own = filled(api)
    if means != "key":
        with_client_credentials(api)
    assert api.get("me").json()["role"] == "developer"
    refused = api.delete(f"clients/{own['clients']}")
    assert (refused.status, refused.code) == (403, "role_missing")
    assert "owner or admin" in refused.json()["detail"]
    assert Client.objects.filter(client_id=own["clients"]).exists()
    assert api.patch(f"clients/{own['clients']}", {"name": "Other"}).status == 200
    assert api.post(f"keys/{own['keys']}/rotate", {}).status == 201


@pytest.mark.parametrize("means", ["key", "client credentials"])
def test_a_live_credential_acts_as_an_admin_and_never_as_an_owner(
    live: Platform, means: str
) -> None:
    own = filled(live)
    if means != "key":
        with_client_credentials(live)
    assert live.get("me").json()["role"] == "admin"
    assert live.delete(f"clients/{own['clients']}").status == 204
    person = management.member(live.application.organization, Role.DEVELOPER)
    assert live.patch(f"members/{person.pk}", {"role": "owner"}).code == "role_missing"
    assert Membership.objects.get(user=person).role == Role.DEVELOPER


def test_a_sandbox_key_makes_nothing_that_lasts_longer_than_its_maker(api: Platform) -> None:
    """No sandbox key invites, and none makes a live key that would."""
    refused = api.post("invitations", {"email": "eve@example.com", "role": "admin"})
    assert (refused.status, refused.code) == (403, "live_credential_needed")
    assert not Invitation.objects.exists()
    wanted = {
        "application": api.application.pk,
        "name": "Mine",
        "scopes": ["platform.members:write"],
        "tenant": make.live(api.application.organization).pk,
    }
    assert api.post("keys", wanted).status == 422


ROLES: list[tuple[str, str, dict[str, Any] | None, set[Role]]] = [
    ("DELETE", "clients/{clients}", None, {Role.OWNER, Role.ADMIN}),
    ("PATCH", "clients/{clients}", {"name": "Other"}, {Role.OWNER, Role.ADMIN}),
    ("POST", "client_secrets", {"client": "{clients}"}, {Role.OWNER, Role.ADMIN}),
    ("POST", "keys/{keys}/rotate", {}, {Role.OWNER, Role.ADMIN}),
    ("POST", "keys/{keys}/revoke", {}, {Role.OWNER, Role.ADMIN, Role.DEVELOPER}),
    ("GET", "keys/{keys}", None, {Role.OWNER, Role.ADMIN, Role.DEVELOPER, Role.AUDITOR}),
    ("GET", "members/{members}", None, set(Role)),
]


@pytest.mark.parametrize(("method", "path", "body", "able"), ROLES)
def test_a_token_does_what_its_persons_role_allows_at_the_time_of_the_call(
    live: Platform, method: str, path: str, body: dict[str, Any] | None, able: set[Role]
) -> None:
    """One token, one person: another role in between is another answer."""
    own = filled(live)
    person = management.member(live.application.organization, Role.AUDITOR)
    live.on_behalf_of(person)
    filling = {name: text.format(**own) for name, text in (body or {}).items()}
    for role in sorted(set(Role) - able):
        Membership.objects.filter(user=person).update(role=role)
        assert live.get("me").json()["role"] == role
        refused = live.send(method, path.format(**own), filling if body is not None else None)
        assert (refused.status, refused.code) == (403, "role_missing")
    for role in sorted(able)[:1]:
        Membership.objects.filter(user=person).update(role=role)
        answer = live.send(method, path.format(**own), filling if body is not None else None)
        assert answer.status < 300, answer.content


def test_a_closed_account_has_no_role_any_more(live: Platform) -> None:
    owner = live.application.organization.memberships.get().user
    live.on_behalf_of(owner)
    assert live.get("keys").status == 200
    owner.is_active = False
    owner.save(update_fields=["is_active"])
    assert live.get("keys").code == "role_missing"
    assert live.get("me").json()["role"] is None


def test_a_test_end_user_manages_nothing(api: Platform) -> None:
    mia = api.key.key.tenant.memberships.order_by("pk")[0].user
    api.on_behalf_of(mia)
    assert api.get("me").json()["role"] is None
    for plural in ("keys", "clients", "members", "applications"):
        assert api.get(plural).code == "role_missing"


def test_a_token_whose_person_is_gone_says_so_and_does_nothing(api: Platform) -> None:
    person = make.user()
    api.on_behalf_of(person)
    person.delete()
    assert api.get("me").json()["role"] is None
    refused = api.get("organization")
    assert (refused.status, refused.code) == (403, "role_missing")
