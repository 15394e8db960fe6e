"""Dated revisions: which one a caller is served, and the operation as it is in that one.

Each operation of a version that has revisions is compiled once for each of them. The newest is the
operation itself; an older one differs by the steps that stand between, where there are any.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from apps.catalog import revisions
from apps.catalog.revisions import Chain, History
from apps.core.members import Invalid
from gateway.exchange import Exchange, Headers, rung
from gateway.problems import RevisionUnknown

if TYPE_CHECKING:
    from gateway.routes import Operation

HEADER = b"trellis-version"


@dataclass(slots=True, eq=False)
class Dated:
    """An operation in every revision of its version."""

    history: History
    spoken: tuple[bytes, bytes]  # tells the service the newest revision, which it speaks
    served: dict[str, "Operation"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """What is particular to an operation in one revision."""

    name: str
    told: Headers  # to the caller, with every answer
    chain: Chain | None = None  # what stands between it and the newest
    rung: bytes = b""  # recorded of requests in an older one

    @property
    def mark(self) -> bytes:
        """Return how the entity tags of its answers end, for they are others' bytes."""
        return b"." + self.name.encode()


def load(modules: Iterable[str]) -> dict[str, History]:
    """Return the histories by version; Invalid when a module needs more than the gateway has."""
    known = "django" in sys.modules
    found = revisions.load(modules)
    if not known and "django" in sys.modules:
        raise Invalid("The modules of TRELLIS_REVISIONS import Django, which a gateway lacks.")
    return found


def place(history: History, operation: str, name: str) -> Place:
    """Return what is particular to an operation in the revision ``name``."""
    told = [(HEADER, name.encode()), (b"vary", b"Trellis-Version")]
    if name == history.newest:
        return Place(name, told)
    return Place(name, told, history.chain(operation, name), rung("revision", version=name))


def choose(exchange: Exchange, operation: "Operation", dated: Dated) -> None:
    """Serve a request in the revision that it names, or else in that of the application's pin."""
    asked: bytes | None = exchange.headers.get(HEADER)
    given = exchange.raw_headers
    if asked is None:
        assert exchange.credential is not None  # noqa: S101 - steps before this one
        name = exchange.credential.pins.get(dated.history.version, "")
        found = dated.served.get(name) or dated.served[dated.history.applied(name)]
    else:
        named = dated.served.get(asked.decode("latin-1"))
        if named is None:
            exchange.operation = replace(operation, dated=None, place=None)
            raise _unknown(dated.history, asked)
        found, given = named, [item for item in given if item[0] != HEADER]
    exchange.raw_headers = [*given, dated.spoken]
    exchange.operation = found
    if found is not operation:
        assert found.place is not None  # noqa: S101 - as ``place`` made it
        exchange.trace.append(found.place.rung)


def _unknown(history: History, asked: bytes) -> RevisionUnknown:
    shown = asked.decode("latin-1")[:40]
    return RevisionUnknown(
        f"{history} has no revision {shown!r}. There are: {', '.join(history.names)}.",
        param="Trellis-Version",
    )
