"""What a consent page says and what is answered on it, for browsers and for devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from apps.accounts.models import User
from apps.oauth import captions, consents, lifetimes, scopes
from apps.oauth.authorization import AuthorizationRequest
from apps.oauth.models import Client, Consent
from apps.oauth.models.client import GrantType
from apps.oauth.scopes import Words
from apps.orgs import permissions
from apps.tenants import end_users
from apps.tenants.models import Membership, Tenant

CONNECT: Final = {False: "connection.create", True: "connection.create_live"}
HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """A scope on the page: in words, whether it may be left out, whether it was allowed before."""

    words: Words
    optional: bool
    had: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Who lets the client act, where, and within what."""

    user: User
    tenant: Tenant
    scopes: list[str]
    declined: list[str]
    answered_by: User | None = None  # the developer, where ``user`` is a test end user


def page(client: Client, names: Sequence[str], user: User, *, tenant: str = "") -> dict[str, Any]:
    """Return what the page shows to ``user``."""
    tenants = list(consents.choices(client, user, names))
    before = Consent.objects.standing().filter(user=user, client=client)
    known = {name for consent in before for name in consent.scopes}
    optional = set(client.application.optional_scopes)
    asked = [
        Asked(words, words.name in optional, words.name in known)
        for words in scopes.described(names)
    ]
    return {
        "client": client,
        "application": client.application,
        "who": captions.of(client),
        "required": [one for one in asked if not one.optional],
        "optional": [one for one in asked if one.optional],
        "widens": bool(known) and not known.issuperset(names),
        "tenants": tenants,
        "selected": tenant or (tenants[0].pk if len(tenants) == 1 else ""),
        "held_back": [] if tenants else held_back(client, user),
        "those_who_may": permissions.those_who_may(CONNECT[client.livemode]),
        "test_users": test_users(client, user),
        "hours": int(lifetimes.ACCESS_TOKEN.total_seconds()) // HOUR,
        "days": lifetimes.REFRESH_TOKEN.days if renews(client) else 0,
    }


def chosen(answer: QueryDict, client: Client, names: Sequence[str], user: User) -> Choice | None:
    """Return what ``user`` agreed to; None when the page was shown to somebody else."""
    if answer.get("user") != user.pk:
        return None
    optional = set(client.application.optional_scopes)
    ticked = set(answer.getlist("scope"))
    kept = [name for name in names if name not in optional or name in ticked]
    dropped = [name for name in names if name not in kept]
    if stand_in := answer.get("as"):
        found = {str(one.pk): one for one in test_users(client, user)}.get(stand_in)
        return Choice(found.user, found.tenant, kept, dropped, user) if found else None
    tenant = consents.choices(client, user, names).filter(pk=answer.get("tenant") or "").first()
    return Choice(user, tenant, kept, dropped) if tenant else None


def repeated(consent: Consent, asked: AuthorizationRequest) -> Choice:
    """Return what an earlier answer says to the same question."""
    return Choice(consent.user, consent.tenant, consents.granted(consent, asked), [])


def held_back(client: Client, user: User) -> list[str]:
    """Return the names of organizations whose member ``user`` is, in a role that may not allow."""
    there = Tenant.objects.open_to(user).filter(kind=client.environment)
    return sorted(there.values_list("organization__name", flat=True).distinct())


def test_users(client: Client, user: User) -> list[Membership]:
    """Return the invented people whom ``user`` may answer for: a sandbox's, and its developer's."""
    owner = client.application.organization
    able = permissions.PERMISSIONS["connection.create"]
    if client.livemode or not owner.memberships.filter(user=user, role__in=able).exists():
        return []
    theirs = Membership.objects.filter(tenant__organization=owner, user__is_active=True)
    return list(end_users.invented(theirs).select_related("user", "tenant").order_by("pk"))


def renews(client: Client) -> bool:
    """Tell whether the client can renew its access without asking again."""
    return client.allows_grant_type(GrantType.REFRESH)
