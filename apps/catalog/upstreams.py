"""How the gateway treats a service it does not run itself. Pure.

    {"connect": 1, "concurrency": 200,
     "health": {"path": "/healthz", "every": 5, "after": 3},
     "breaker": {"ratio": 0.5, "requests": 20, "window": 10, "pause": 5}}

``concurrency`` is the bulkhead: so many requests of one gateway are with the service at once, the
next is refused. A target that fails ``after`` looks at ``path`` in a row gets no requests until it
answers again. The breaker opens when of at least ``requests`` in ``window`` seconds the share
``ratio`` failed, and lets one try through after ``pause`` seconds.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from apps.core.members import Invalid, Members

SCHEMES: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Health:
    """How targets are looked at."""

    path: str
    every: float = 5.0
    after: int = 3


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a service is given a rest."""

    ratio: float = 0.5
    requests: int = 20
    window: int = 10
    pause: float = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """One service's settings."""

    connect: float = 1.0
    concurrency: int = 256
    health: Health | None = None
    breaker: Breaker = field(default_factory=Breaker)


def parse(raw: Any) -> Settings:
    """Return an upstream's settings; Invalid when one makes no sense."""
    members = Members(raw)
    settings = Settings(
        connect=members.number("connect", default=1.0, least=0.05, most=30),
        concurrency=members.whole("concurrency", default=256, least=1, most=10_000),
        health=_health(members.inner("health")),
        breaker=_breaker(members.inner("breaker")),
    )
    members.end()
    return settings


def address(url: str) -> str:
    """Return a target's address as scheme, host and port; Invalid when it is more or less."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise Invalid(f"{url!r} is not an address.") from None
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise Invalid(f"{url!r} must begin with http:// or https:// and name a host.")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise Invalid(f"{url!r} must end with the host or its port; paths belong to the version.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in {None, SCHEMES[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _health(members: Members | None) -> Health | None:
    if members is None:
        return None
    health = Health(
        path=members.text("path", like=r"/[!-~]{0,200}", expected="a path such as /healthz"),
        every=members.number("every", default=5.0, least=0.2, most=300),
        after=members.whole("after", default=3, least=1, most=20),
    )
    members.end()
    return health


def _breaker(members: Members | None) -> Breaker:
    if members is None:
        return Breaker()
    breaker = Breaker(
        ratio=members.number("ratio", default=0.5, least=0.01, most=1),
        requests=members.whole("requests", default=20, least=1, most=10_000),
        window=members.whole("window", default=10, least=1, most=300),
        pause=members.number("pause", default=5.0, least=0.1, most=300),
    )
    members.end()
    return breaker
