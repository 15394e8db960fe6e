"""What the gateway does with the requests of an API, or of one of its operations. Pure.

A policy is a JSON object. What it leaves out keeps its default; a member of an operation's policy
stands for the whole member of its API's::

    {"timeout": 5, "retries": 2, "priority": "high",
     "cache": {"seconds": 60, "shared": true, "tags": ["products"]},
     "validate": ["request"],
     "request": {"headers": {"set": {"x-region": "eu"}}},
     "response": {"body": {"remove": ["internal_note"]}},
     "fields": {"customers:read": ["customer", "data.*.customer"]},
     "cors": ["https://shop.example"],
     "ip_allow": ["203.0.113.0/24"], "ip_deny": []}

The gateway reads policies through this module, so it never meets one that makes no sense.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, Literal

from apps.catalog import rules
from apps.catalog.rules import Rules
from apps.core.members import Invalid, Members

MB: Final = 1024 * 1024
BODY_LIMIT: Final = 100 * MB  # the most that any policy may allow
PRIORITIES: Final = ("low", "normal", "high")
VALIDATED: Final = ("request", "response")
TAG: Final = r"[\w:.-]{1,60}"
ORIGIN: Final = r"https?://[a-z0-9.-]+(?::\d{1,5})?|\*"
Network = IPv4Network | IPv6Network
Priority = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class Cache:
    """Answers to GET that are kept for ``seconds``.

    They are kept for each credential's application and tenant by itself; a ``shared`` one, which
    must depend on nobody, for all. ``vary`` names request headers that tell answers apart, ``tags``
    the surrogate keys under which they are purged.
    """

    seconds: int
    shared: bool = False
    tags: tuple[str, ...] = ()
    vary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """Places in an answer that only callers with ``scope`` see."""

    scope: str
    places: tuple[rules.Path, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as a whole. Durations are seconds, sizes bytes.

    ``retries`` are further tries when a service cannot be reached, ``priority`` says who waits
    first when there is too much, ``mock`` answers from the document instead of an upstream,
    with ``websocket`` a GET may become a WebSocket.
    """

    timeout: float = 10.0
    retries: int = 1
    body_limit: int = MB
    priority: Priority = "normal"
    idempotency: bool = False
    mock: bool = False
    websocket: bool = False
    validate: frozenset[str] = frozenset()
    cache: Cache | None = None
    request: Rules | None = None
    response: Rules | None = None
    fields: tuple[Fields, ...] = ()
    cors: tuple[str, ...] = ()
    ip_allow: tuple[Network, ...] = ()
    ip_deny: tuple[Network, ...] = ()


PLAIN: Final = Policy()


def parse(raw: Any, *, of: Any = None) -> Policy:
    """Return the policy ``raw``, on top of that ``of`` its API; Invalid when one makes no sense."""
    Members(raw)
    merged = {**(of or {}), **raw}
    if not merged:
        return PLAIN
    members = Members(merged)
    priority: Any = members.choice("priority", PRIORITIES, default="normal")
    policy = Policy(
        timeout=members.number("timeout", default=10.0, least=0.05, most=300),
        retries=members.whole("retries", default=1, most=5),
        body_limit=members.whole("body_limit", default=MB, most=BODY_LIMIT),
        priority=priority,
        idempotency=members.flag("idempotency", default=False),
        mock=members.flag("mock", default=False),
        websocket=members.flag("websocket", default=False),
        validate=_validate(members),
        cache=_cache(members.inner("cache")),
        request=rules.parse(members.inner("request"), query=True),
        response=rules.parse(members.inner("response"), query=False),
        fields=_fields(members),
        cors=members.texts("cors", like=ORIGIN, expected="a list of origins, or of *"),
        ip_allow=_networks(members, "ip_allow"),
        ip_deny=_networks(members, "ip_deny"),
    )
    members.end()
    return policy


def _validate(members: Members) -> frozenset[str]:
    listed = "|".join(VALIDATED)
    return frozenset(members.texts("validate", like=listed, expected="a list of request, response"))


def _cache(members: Members | None) -> Cache | None:
    if members is None:
        return None
    cache = Cache(
        seconds=members.whole("seconds", least=1, most=86_400),
        shared=members.flag("shared", default=False),
        tags=members.texts("tags", like=TAG, expected="a list of short names", most=20),
        vary=members.texts("vary", like=rules.HEADER, expected="a list of headers", most=5),
    )
    members.end()
    return cache


def _fields(members: Members) -> tuple[Fields, ...]:
    raw = members.mapping("fields", expected="an object of scopes and lists of places")
    inner = Members(raw, members.place("fields"))
    wanted = f"a list of places such as {'data.*.customer'}"
    return tuple(
        Fields(scope, tuple(map(rules.path, inner.texts(scope, like=rules.PATH, expected=wanted))))
        for scope in raw
    )


def _networks(members: Members, name: str) -> tuple[Network, ...]:
    place = members.place(name)
    try:
        return tuple(
            ip_network(text) for text in members.texts(name, expected="a list of networks")
        )
    except ValueError as error:
        raise Invalid(f"{place}: {error}. Write networks as 203.0.113.0/24.") from error
