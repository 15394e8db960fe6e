"""Every route x every role: who reads, who changes, who is refused, who finds nothing there.

The routes come from the URL resolver; one without an entry in ``portal.permissions`` fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from zeal import zeal_ignore

from apps.accounts.models import BrowserSession, User
from apps.core import ids
from apps.oauth import client_secrets, consents
from apps.onboarding import invitations
from apps.orgs.models import Membership, Role
from apps.orgs.permissions import PERMISSIONS
from portal.permissions import ACCOUNT, PORTAL
from tests.portal.conftest import Team
from tests.support import browsers, consent, make, traffic
from tests.support.roles import PAGES, PROVEN_ALWAYS, PROVEN_TO_CHANGE, SHUT, meant

METHODS = ("get", "post")
LONG_AGO = 3600


def routes(
    resolver: Any, namespaces: tuple[str, ...] = (), outer: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the full name of every route, and the names of what stands in its address."""
    for one in resolver.url_patterns:
        regex = getattr(one.pattern, "regex", None)
        inside = outer | set(one.pattern.converters) | set(regex.groupindex if regex else ())
        if isinstance(one, URLResolver):
            inner = (*namespaces, one.namespace) if one.namespace else namespaces
            yield from routes(one, inner, inside)
        elif one.name:
            yield ":".join((*namespaces, one.name)), inside


ROUTES = dict(routes(get_resolver()))
PORTALS = {name.partition(":")[2] for name in ROUTES if name.startswith("portal:")}
ACCOUNTS = {name for name in ROUTES if name.startswith(("account_", "mfa_"))}
RANDOM: dict[str, Any] = {
    "application_id": ids.new("app"),
    "entry_id": ids.new("chg"),
    "key_id": ids.new("key"),
    "request_id": ids.new("req"),
    "message_id": ids.new("msg"),
    "client_id": ids.new("cli"),
    "secret_id": "987654321",
    "consent_id": ids.new("con"),
    "invitation_id": ids.new("inv"),
    "member_id": 987654321,
    "end_user_id": 987654321,
    "session_id": 987654321,
    "token": "no-such-token",
    "digest": "0" * 64,
    "slug": "no-such-thing",
    "major": 1,
    "revision": "2026-11-01",
    "code": "no_such_code",
    "uidb36": "zz",
    "key": "no-key",
    "pk": 987654321,
}


def path(name: str, values: dict[str, Any]) -> str:
    full = f"portal:{name}" if name in PORTAL else name
    return reverse(full, kwargs={key: values[key] for key in ROUTES[full]})


@contextmanager
def rolled_back() -> Iterator[None]:
    """Try something, and let it not have happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def there(team: Team) -> dict[str, Any]:
    """Something behind every address, all of it the team's."""
    client = consent.client(team.application)
    secret, _ = client_secrets.add_secret(client, expires_at=None, actor=team.developer)
    member = Membership.objects.create(
        organization=team.organization, user=make.user(), role=Role.DEVELOPER
    )
    invited = invitations.invite(
        team.organization, email="eve@example.org", role=Role.AUDITOR, actor=team.developer
    )
    given = consents.give(
        client, user=member.user, tenant=team.sandbox, scopes=["orders:read"], actor=member.user
    )
    place = BrowserSession.objects.create(user=team.developer, session_key="k" * 32)
    return RANDOM | {
        "application_id": team.application.pk,
        "key_id": team.key.pk,
        "request_id": traffic.serve(team.key),
        "client_id": client.client_id,
        "secret_id": secret.pk,
        "invitation_id": invited.pk,
        "member_id": member.pk,
        "end_user_id": team.sandbox.memberships.all()[0].pk,
        "consent_id": given.pk,
        "session_id": place.pk,
    }


def call(browser: Client, method: str, address: str) -> Any:
    with zeal_ignore():
        return getattr(browser, method)(address)


def is_refusal(answer: Any) -> bool:
    return answer.status_code == 403 and b"role_missing" in answer.content


def test_every_route_of_the_portal_has_an_entry_and_no_entry_is_idle() -> None:
    assert set(PORTAL) == PORTALS
    assert set(ACCOUNT) == ACCOUNTS


def test_what_is_shut_is_what_was_meant_to_be() -> None:
    entries = PORTAL | ACCOUNT
    assert {name for name, one in entries.items() if not one.public} == SHUT
    assert {name for name, one in entries.items() if one.reads} == set(PAGES)
    assert {name for name, one in entries.items() if one.staff} == {"logs-detail"}


def test_every_action_that_a_route_asks_for_is_in_the_table() -> None:
    asked = {action for one in PORTAL.values() for action in (one.reads, one.changes) if action}
    assert asked <= set(PERMISSIONS)


@pytest.mark.parametrize("name", PAGES)
def test_a_role_opens_what_is_meant_for_it_and_nothing_else(
    name: str, team: Team, there: dict[str, Any]
) -> None:
    address = path(name, there)
    member = Membership.objects.create(organization=team.organization, user=make.user())
    browser = browsers.of(member.user)
    for role in Role:
        Membership.objects.filter(pk=member.pk).update(role=role)
        for method in METHODS:
            with rolled_back():
                answer = call(browser, method, address)
            allowed = role in meant(PAGES[name][method == "post"])
            assert is_refusal(answer) != allowed, (role, method, answer.status_code)
            assert answer.status_code < 500


@pytest.mark.parametrize("name", sorted(SHUT & set(PORTAL)))
def test_a_member_of_another_organization_finds_what_a_random_name_finds(
    name: str, newcomer: Client, team: Team, there: dict[str, Any]
) -> None:
    if not ROUTES[f"portal:{name}"]:
        return
    for method in METHODS:
        with rolled_back():
            theirs = call(newcomer, method, path(name, there))
        with rolled_back():
            nobodys = call(newcomer, method, path(name, RANDOM))
        assert theirs.status_code == nobodys.status_code
        assert theirs.status_code in {404, 405}
        assert team.application.name not in theirs.content.decode()


@pytest.mark.parametrize("name", [*PORTAL, *ACCOUNT])
def test_a_stranger_signs_in_first_where_it_is_not_public(
    name: str, client: Client, there: dict[str, Any]
) -> None:
    address = path(name, there)
    for method in METHODS:
        answer = call(client, method, address)
        sent = answer.get("Location", "").startswith(f"{reverse('account_login')}?next=")
        assert answer.status_code < 500
        if name in SHUT:
            assert answer.status_code == 302
            assert sent


@pytest.mark.parametrize("name", sorted(PROVEN_ALWAYS | PROVEN_TO_CHANGE))
def test_what_matters_most_wants_a_new_proof(name: str, team: Team, there: dict[str, Any]) -> None:
    address = path(name, there)
    stale = browsers.of(team.developer, ago=LONG_AGO)
    for method in METHODS:
        with rolled_back():
            answer = call(stale, method, address)
        asked = answer.get("Location", "").startswith(reverse("account_reauthenticate"))
        assert asked == (method == "post" or name in PROVEN_ALWAYS)
    assert User.objects.filter(pk=team.developer.pk).exists()
