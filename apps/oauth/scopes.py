"""Scopes in words: those of the catalog, and the four of OpenID Connect."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from apps.catalog.models import Scope
from apps.oauth.models import Client


@dataclass(frozen=True, slots=True)
class Words:
    """A scope as people read it. ``high`` marks what a stolen grant could do harm with."""

    name: str
    title: str
    high: bool = False


OPENID: Final = "openid"
OFFLINE: Final = "offline_access"
OIDC: Final = {
    words.name: words
    for words in (
        Words(OPENID, "Know which account is yours"),
        Words("profile", "See your name"),
        Words("email", "See your e-mail address"),
        Words(OFFLINE, "Keep its access while you are away", high=True),
    )
}


def known(*organizations: str) -> dict[str, Words]:
    """Return by name the scopes that ``organizations`` may know of, those of OpenID Connect first.

    Without an organization these are everybody's.
    """
    return OIDC | _in_words(Scope.objects.shown_to(*organizations))


def every() -> dict[str, Words]:
    """Return every scope by name, for whoever holds one already."""
    return OIDC | _in_words(Scope.objects.all())


def _in_words(scopes: QuerySet[Scope]) -> dict[str, Words]:
    catalog = scopes.order_by("name").values_list("name", "title", "risk")
    return {name: Words(name, title, high=risk == Scope.Risk.HIGH) for name, title, risk in catalog}


def allowed(client: Client) -> set[str]:
    """Return what ``client`` may ask for.

    In a sandbox every scope, so that nobody waits to try one; on live data what a reviewer
    approved. Its owner may narrow either. What tells who someone is is always among them.
    """
    may = set(client.application.approved_scopes)
    if not client.livemode:
        may = set(known(client.application.organization_id))
    return set(OIDC).union(may.intersection(client.scopes) if client.scopes else may)


def still_allowed(client: Client, agreed: str) -> list[str]:
    """Return what was ``agreed`` to, without what ``client`` may not have any more."""
    may = allowed(client)
    return [name for name in agreed.split() if name in may]


def default(client: Client, may: Container[str] | None = None) -> list[str]:
    """Return what a request without ``scope`` asks for.

    What it registered, or was narrowed to, or else what its application asks for, as far as it
    ``may``.
    """
    registered = str((client.metadata or {}).get("scope") or "").split()
    asked = registered or client.scopes or client.application.requested_scopes
    allowing = allowed(client) if may is None else may
    return [name for name in asked if name in allowing]


def only_tell_who(names: Iterable[str]) -> bool:
    """Tell whether ``names`` say who someone is, and open nobody's data."""
    return set(names) <= set(OIDC)


def described(names: Iterable[str], words: dict[str, Words] | None = None) -> list[Words]:
    """Return the words of ``names`` in the registry's order, which readers know from its page.

    One that was withdrawn comes last and speaks for itself. ``words`` is ``every()``, for many.
    """
    registry, wanted = every() if words is None else words, dict.fromkeys(names)
    gone = [Words(name, name) for name in wanted if name not in registry]
    return [one for one in registry.values() if one.name in wanted] + gone
