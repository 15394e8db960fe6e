"""One API key or access token as the gateway knows it: whose it is, what it may do."""

import time
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from apps.core import ids
from apps.plans import limits
from apps.plans.layout import Whom
from apps.usage import record

FRESH = 5.0  # seconds in which a copy is trusted without asking again
ALONE = 2.0  # the same while Valkey, which would bring news, is away
STALE = 300.0  # seconds in which an older copy still serves reads while PostgreSQL is down

REFERENCES = {"application": "app", "organization": "org", "tenant": "tnt"}
UUIDS = {"key", *REFERENCES, "subject", "holder"}


@dataclass(slots=True, eq=False)
class Credential:
    """What PostgreSQL said about a key or token at ``read_at``, in seconds since 1970."""

    digest: str
    key: str
    application: str
    organization: str
    tenant: str
    livemode: bool
    scopes: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]
    not_before: float | None
    expires_at: float | None
    revoked: bool
    state: str
    organization_suspended: bool
    plan: str
    policies: tuple[limits.Policy, ...]
    owner: bytes
    read_at: float
    rotated_at: float | None = None  # Of a key with a successor: since when.
    # Of access tokens only.
    client: str = ""
    holder: str = ""  # the organization whose data it acts on; a key acts on its own
    subject: str | None = None
    user_disabled: bool = False
    misplaced: bool = False  # The client is of another environment than the tenant.
    thumbprint: str = ""
    audience: tuple[str, ...] = ()
    # Limits in place of those of the plan until then, in seconds since 1970.
    override: tuple[limits.Policy, ...] = ()
    override_ends: float = 0.0
    pins: dict[str, str] = field(default_factory=dict)  # versions of APIs -> their revisions
    selecting: tuple[limits.Policy, ...] = field(init=False)  # those that count some operations
    # What steps prepare once for every later request: see ``limits`` and ``dispatch``.
    prepared: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = (*self.policies, *self.override)
        self.selecting = tuple(policy for policy in every if policy.selective)

    @property
    def selective(self) -> bool:
        return bool(self.selecting)

    @property
    def whom(self) -> Whom:
        """Return who is counted; a client's tokens live an hour, and are counted together."""
        return Whom(self.application, self.client or self.key, self.subject or "")

    def limits_at(self, now: float) -> tuple[limits.Policy, ...]:
        """Return the limits of a moment: an override ends by itself."""
        if self.override_ends <= now:
            return self.policies
        return limits.merge(self.policies, self.override)

    @property
    def fresh(self) -> bool:
        return self.younger(FRESH)

    def younger(self, seconds: float) -> bool:
        """Tell whether it was read so lately: a clock that was set back makes nothing younger."""
        return abs(time.time() - self.read_at) < seconds

    @property
    def is_token(self) -> bool:
        return bool(self.client)

    @property
    def servable(self) -> bool:
        """Tell whether it may still serve reads while nobody can say better."""
        return self.younger(STALE)


def portable(row: dict[str, Any], read_at: float) -> bytes:
    """Return a row of the store as the shared cache keeps it."""
    told = {name: str(row[name]) for name in UUIDS.intersection(row) if row[name]}
    return orjson.dumps({**row, **told, "digest": row["digest"].hex(), "read_at": read_at})


def parse(entry: dict[str, Any]) -> Credential:
    """Return the credential of a cache entry."""
    uuids = {name: UUID(entry[name]) for name in REFERENCES}
    names = {name: ids.encode(prefix, uuids[name]) for name, prefix in REFERENCES.items()}
    client: str = entry.get("client") or ""
    key = UUID(entry["key"])
    lasting = _lasting(client) if client else key
    subject, holder = entry.get("subject"), entry.get("holder")
    return Credential(
        key=ids.encode("tok" if client else "key", key),
        application=names["application"],
        organization=names["organization"],
        tenant=names["tenant"],
        digest=entry["digest"],
        livemode=entry["livemode"],
        scopes=frozenset(entry["scopes"]),
        networks=tuple(ip_network(item, strict=False) for item in entry["ip_allow"]),
        not_before=entry["not_before"],
        expires_at=entry["expires_at"],
        revoked=entry["revoked"],
        state=entry["state"],
        organization_suspended=entry["organization_suspended"],
        plan=entry["plan"] or "",
        policies=limits.parse(entry["limits"] or []),
        override=limits.parse(entry.get("override") or []),
        override_ends=entry.get("override_ends") or 0.0,
        pins=entry.get("pins") or {},
        owner=record.owner(**uuids, key=lasting, livemode=entry["livemode"]),
        read_at=entry["read_at"],
        rotated_at=entry.get("rotated_at"),
        holder=ids.encode("org", UUID(holder)) if holder else "",
        client=client,
        subject=ids.encode("usr", UUID(subject)) if subject else None,
        user_disabled=entry.get("user_disabled", False),
        misplaced=entry.get("misplaced", False),
        thumbprint=entry.get("thumbprint") or "",
        audience=tuple(url.rstrip("/") for url in entry.get("audience") or ()),
    )


def _lasting(client: str) -> UUID:
    """Return what stands for a client in usage: its tokens live an hour, and nobody counts them."""
    try:
        return ids.decode(client)[1]
    except ValueError:  # It chose its name itself.
        return uuid5(NAMESPACE_URL, client)
