"""Which scopes the operations of an OpenAPI document need, and their words for people. Pure.

An operation names its scopes itself (``x-trellis-scopes``). Else those of its OAuth 2 or OpenID
Connect ``security`` stand for them, each below the API's own word (``crm:contacts.read``). Else it
needs ``<api>:read`` when it only reads, and ``<api>:write``.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from apps.catalog import pointers
from apps.core.members import Invalid, Members

NAME_LIMIT: Final = 80
TITLE_LIMIT: Final = 120
SCOPE: Final = r"[!#-\[\]-~]{1,80}"  # RFC 6749, 3.3
RISKS: Final = ("low", "high")
OURS: Final = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
MANAGING: Final = "platform."  # how the scopes of the platform's own API begin
PLATFORM: Final = "platform"
OAUTH: Final = {"oauth2", "openIdConnect"}
SENTENCE: Final = re.compile(r"(?<=[.!?])\s|\n")


@dataclass(frozen=True, slots=True)
class Words:
    """What a scope means, and how much harm a stolen grant could do: ``low`` or ``high``.

    ``made`` ones are the platform's, where the document has none.
    """

    title: str
    risk: str = "low"
    made: bool = field(default=False, compare=False)


def needed(
    document: dict[str, Any],
    operation: dict[str, Any],
    at: str,
    *,
    slug: str,
    method: str,
    native: bool,
) -> tuple[str, ...]:
    """Return the scopes that an operation at the place ``at`` needs, all of them."""
    place = f"{at}.x-trellis-scopes"
    if "x-trellis-scopes" in operation:
        named = operation["x-trellis-scopes"]
        if not isinstance(named, list):
            raise Invalid(f"{place} must be a list of scopes.")
        return tuple(dict.fromkeys(_checked(name, place, slug) for name in named))
    if native:
        return ()
    security = operation.get("security", document.get("security"))
    if security is not None and not isinstance(security, list):
        raise Invalid(f"{at}.security must be a list of objects.")
    for requirement in security or ():
        if scopes := list(_of_oauth(document, requirement, f"{at}.security")):
            return tuple(dict.fromkeys(_checked(_ours(n, slug), at, slug) for n in scopes))
    return (f"{slug}:read" if method == "get" else f"{slug}:write",)


def words(
    document: dict[str, Any], slug: str, scopes: Iterable[tuple[str, ...]], title: str
) -> dict[str, Words]:
    """Return the words of every scope that is needed, or that the document describes itself."""
    described = _described(document, slug)
    told = {_ours(name, slug): text for name, text in _told(document)}
    wanted = {name for some in scopes for name in some}
    for name in wanted - described.keys():
        made = _made(name, slug, title or slug)
        described[name] = Words(_title(told[name])) if told.get(name) else made
    return dict(sorted(described.items()))


def _described(document: dict[str, Any], slug: str) -> dict[str, Words]:
    place = "x-trellis-scopes"
    raw = document.get(place, {})
    if not isinstance(raw, dict):
        raise Invalid(f"{place} must be an object of scopes and their words.")
    made = {}
    for name, value in raw.items():
        _checked(name, place, slug)
        members = Members(value, f"{place}.{name}")
        made[name] = Words(
            title=members.text(
                "title", like=r"[^\r\n\0]{1,120}", expected="a text of at most 120 characters"
            ),
            risk=members.choice("risk", RISKS, default="low"),
        )
        members.end()
    return made


def _of_oauth(document: dict[str, Any], requirement: Any, at: str) -> Iterator[str]:
    if not isinstance(requirement, dict):
        raise Invalid(f"{at} must be a list of objects.")
    schemes = _schemes(document)
    for name, scopes in requirement.items():
        if schemes.get(name, {}).get("type") in OAUTH and isinstance(scopes, list):
            yield from map(str, scopes)


def _schemes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    components = document.get("components")
    raw = components.get("securitySchemes") if isinstance(components, dict) else None
    found = raw.items() if isinstance(raw, dict) else ()
    schemes = ((name, pointers.follow(document, scheme)) for name, scheme in found)
    return {name: scheme for name, scheme in schemes if isinstance(scheme, dict)}


def _told(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the words that the document's OAuth flows have for their scopes."""
    for scheme in _schemes(document).values():
        flows = scheme.get("flows")
        for flow in flows.values() if isinstance(flows, dict) else ():
            scopes = flow.get("scopes") if isinstance(flow, dict) else None
            for name, text in scopes.items() if isinstance(scopes, dict) else ():
                if isinstance(text, str):
                    yield name, text


def _ours(name: str, slug: str) -> str:
    return name if name.startswith(f"{slug}:") else f"{slug}:{name}"


def _checked(name: Any, at: str, slug: str) -> str:
    if not isinstance(name, str) or not re.fullmatch(SCOPE, name):
        raise Invalid(
            f"{at}: {str(name)[:200]!r} is not a scope: "
            f"1 to {NAME_LIMIT} characters without blanks, quotes and backslashes."
        )
    if name in OURS or (name.startswith(MANAGING) and slug != PLATFORM):
        raise Invalid(f"{at}: the scope {name} is the platform's own.")
    return name


def _title(text: str) -> str:
    first = SENTENCE.split(text.strip(), maxsplit=1)[0].strip().rstrip(".")
    return first if len(first) <= TITLE_LIMIT else f"{first[: TITLE_LIMIT - 1].rstrip()}…"


def _made(name: str, slug: str, title: str) -> Words:
    """Return words where the document has none; writing may do harm, as far as anybody knows."""
    if name == f"{slug}:write":
        return Words(_title(f"Change what {title} holds"), "high", made=True)
    return Words(_title(f"Read {title}" if name == f"{slug}:read" else name), made=True)
