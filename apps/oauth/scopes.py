"""Scopes in words: those of the catalog, and the four of OpenID Connect."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

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


def known() -> dict[str, Words]:
    """Return every scope by name, those of OpenID Connect first."""
    catalog = Scope.objects.order_by("name").values_list("name", "title", "risk")
    return OIDC | {
        name: Words(name, title, high=risk == Scope.Risk.HIGH) for name, title, risk in catalog
    }


def allowed(client: Client) -> set[str]:
    """Return what ``client`` may ask for.

    In a sandbox every scope, so that nobody waits to try one; on live data what a reviewer
    approved, and what tells who someone is.
    """
    if client.livemode:
        return set(OIDC).union(client.application.approved_scopes)
    return set(known())


def default(client: Client) -> list[str]:
    """Return what a request without ``scope`` asks for: as registered, or as its application."""
    registered = str((client.metadata or {}).get("scope") or "").split()
    may = allowed(client)
    return [name for name in registered or client.application.requested_scopes if name in may]


def described(names: Iterable[str]) -> list[Words]:
    """Return the words of ``names``, in their order; one that was withdrawn speaks for itself."""
    words = known()
    return [words.get(name) or Words(name, name) for name in names]
