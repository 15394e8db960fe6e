"""One API key as the gateway knows it: whose it is, what it may do, under which limits."""

import time
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from uuid import UUID

import orjson

from apps.core import ids
from apps.plans import limits
from apps.usage import record

FRESH = 5.0  # seconds in which a copy is trusted without asking again
STALE = 300.0  # seconds in which an older copy still serves reads while PostgreSQL is down

REFERENCES = {"key": "key", "application": "app", "organization": "org", "tenant": "tnt"}


@dataclass(slots=True, eq=False)
class Credential:
    """What PostgreSQL said about a key at ``read_at``, in seconds since 1970."""

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
    # What steps prepare once for every later request: see ``limits`` and ``dispatch``.
    prepared: dict[Any, Any] = field(default_factory=dict)

    @property
    def fresh(self) -> bool:
        return time.time() - self.read_at < FRESH

    @property
    def servable(self) -> bool:
        """Tell whether it may still serve reads while nobody can say better."""
        return time.time() - self.read_at < STALE


def portable(row: dict[str, Any], read_at: float) -> bytes:
    """Return a row of the store as the shared cache keeps it."""
    told = {name: str(row[name]) for name in REFERENCES}
    return orjson.dumps({**row, **told, "digest": row["digest"].hex(), "read_at": read_at})


def parse(entry: dict[str, Any]) -> Credential:
    """Return the credential of a cache entry."""
    uuids = {name: UUID(entry[name]) for name in REFERENCES}
    names = {name: ids.encode(prefix, uuids[name]) for name, prefix in REFERENCES.items()}
    return Credential(
        key=names["key"],
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
        owner=record.owner(**uuids, livemode=entry["livemode"]),
        read_at=entry["read_at"],
    )
