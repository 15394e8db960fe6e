"""Nobody is offered what is refused: every link, button and choice of every page, for every role.

What a page offers is looked up in ``portal.permissions``, and then tried: the table says who may
post to a route, and only the view knows that live data asks for more.
"""

import re
from collections.abc import Container, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from apps.applications.models import Application
from apps.keys import services as keys
from apps.oauth import client_secrets, consents
from apps.onboarding import invitations
from apps.orgs.models import Membership, Role
from apps.orgs.permissions import PERMISSIONS
from portal.permissions import PORTAL, Entry
from tests.portal.conftest import Team
from tests.portal.test_roles import RANDOM, ROUTES, call, path, rolled_back
from tests.support import browsers, consent, make, offers, traffic
from tests.support.offers import Offer

REFUSED = re.compile(r"role_missing|[Tt]his takes \w")
SHOWN = 200
World = list[dict[str, Any]]


class Page(NamedTuple):
    """A page that somebody may read."""

    name: str
    address: str
    text: str


def _client_of(application: Application, environment: str) -> dict[str, Any]:
    client = consent.client(application, environment=environment)
    secret, _ = client_secrets.add_secret(client, actor=application.created_by)
    return {"client_id": client.client_id, "secret_id": secret.pk}


@pytest.fixture
def worlds(team: Team) -> World:
    """Something behind every address: of a sandbox, of live data, and keys in their hand-over."""
    approved = make.application(team.organization, approved=True, name="Approved")
    consent.client(approved)  # its scopes
    live = make.live(team.organization)
    keyed = make.key(approved, tenant=live, scopes=("orders:read",)).key
    old = [
        make.key(approved, tenant=one, scopes=("orders:read",)).key for one in (live, team.sandbox)
    ]
    for key in old:
        keys.rotate(key, actor=team.developer)
    invited = invitations.invite(
        team.organization, email="eve@example.org", role=Role.AUDITOR, actor=team.developer
    )
    mate = Membership.objects.create(
        organization=team.organization, user=make.user(), role=Role.ADMIN
    )
    given = consents.give(
        consent.client(approved, environment="live"),
        user=mate.user,
        tenant=live,
        scopes=["orders:read"],
        actor=mate.user,
    )
    shared = RANDOM | {
        "consent_id": given.pk,
        "invitation_id": invited.pk,
        "member_id": mate.pk,
        "request_id": traffic.serve(team.key),
    }
    sandbox = shared | {"application_id": team.application.pk, "key_id": team.key.pk}
    real = shared | {"application_id": approved.pk, "key_id": keyed.pk}
    return [
        sandbox | _client_of(team.application, "sandbox"),
        real | _client_of(approved, "live"),
        *({"key_id": key.pk} for key in old),
    ]


@pytest.mark.parametrize("role", Role)
def test_nobody_is_offered_what_is_refused(role: Role, team: Team, worlds: World) -> None:
    member = Membership.objects.create(organization=team.organization, user=make.user(), role=role)
    browser = browsers.of(member.user)
    pages = list(_pages(browser, role, worlds))
    opened = {Offer("get", page.address) for page in pages if not REFUSED.search(page.text)}
    offered = {offer: page.name for page in pages for offer in _offered(page)}
    assert offered
    tried = set({_question(offer): offer for offer in offered}.values()) - opened
    refused = [
        (offered[offer], offer)
        for offer in offered
        if _beyond(role, offer) or (offer in tried and _is_refused(browser, offer))
    ]
    assert refused == []


def test_what_is_tried_is_what_people_see(team: Team, worlds: World) -> None:
    where = {"keys", "members", "members-connections", "applications-client"}
    pages = _pages(browsers.of(team.developer), Role.OWNER, worlds, only=where)
    offered = {offer.address for page in pages for offer in _offered(page)}
    for one in worlds[:2]:
        for name in (
            "keys-rotate",
            "keys-revoke",
            "applications-client-secret",
            "members-transfer",
            "members-connections-revoke",
        ):
            assert path(name, one) in offered


def _pages(
    browser: Client, role: Role, worlds: World, *, only: Container[str] = PORTAL
) -> Iterator[Page]:
    """Yield the pages that ``role`` may read.

    One that is about a single thing is looked at once: that thing is live or not by itself. What
    lists or begins things is looked at in either mode.
    """
    for mode in ("live", "test"):
        browser.post(reverse("portal:mode"), {"mode": mode})
        for name, entry in PORTAL.items():
            read = name in only and not entry.public
            if not read or (entry.reads and role not in PERMISSIONS[entry.reads]):
                continue
            about = ROUTES[f"portal:{name}"]
            if mode == "live" and about - {"application_id"}:
                continue
            known = [one for one in worlds if about <= one.keys()]
            for address in dict.fromkeys(path(name, one) for one in known):
                with rolled_back():
                    answer = call(browser, "get", address)
                if answer.status_code == SHOWN and not answer.streaming:
                    yield Page(name, address, answer.content.decode())


def _offered(page: Page) -> Iterator[Offer]:
    """Yield what a page offers that asks for a role."""
    return filter(_entry_at, offers.of(page.text, page.address))


def _question(offer: Offer) -> object:
    """Return what is asked with an offer: a search asks the same whatever it looks for."""
    if offer.method != "get":
        return offer
    address, _, query = offer.address.partition("?")
    return address, tuple(parse_qs(query)), tuple(name for name, _ in offer.data)


def _entry_at(offer: Offer) -> Entry | None:
    """Return the entry of a route that asks for a role."""
    try:
        match = resolve(offer.address.partition("?")[0])
    except Resolver404:
        return None
    entry = PORTAL.get(str(match.url_name)) if match.namespace == "portal" else None
    return entry if entry and entry.reads else None


def _beyond(role: Role, offer: Offer) -> bool:
    entry = _entry_at(offer)
    return entry is not None and role not in PERMISSIONS[entry.action(offer.method.upper())]


def _is_refused(browser: Client, offer: Offer) -> bool:
    data = {name: list(values) for name, values in offer.data}
    with rolled_back():
        answer = getattr(browser, offer.method)(offer.address, data or None)
        said = "" if answer.streaming else answer.content.decode()
    return REFUSED.search(said) is not None


@pytest.mark.parametrize(
    ("name", "field", "said"),
    [
        ("keys-new", "tenant", "Live keys are made by an owner or admin."),
        ("applications-oauth-new", "environment", "Live clients are made by an owner or admin."),
    ],
)
def test_a_developer_reads_who_makes_what_is_live(
    name: str, field: str, said: str, team: Team, worlds: World
) -> None:
    there = worlds[1]
    for role in (Role.ADMIN, Role.DEVELOPER):
        person = make.user()
        Membership.objects.create(organization=team.organization, user=person, role=role)
        page = browsers.of(person).get(path(name, there))
        offered = [str(value) for value, _ in page.context["form"].fields[field].widget.choices]
        live = {"live", make.live(team.organization).pk} & set(offered)
        assert (len(offered), len(live)) == ((2, 1) if role == Role.ADMIN else (1, 0))
        assert (said in page.content.decode()) == (role == Role.DEVELOPER)
