"""From method and path to an operation of the catalog: a tree of path segments.

The table is immutable: a change of the catalog compiles another one, which replaces it at once.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from apps.core.rest.errors import MethodNotAllowed
from gateway.problems import CatalogUnavailable, OperationUnknown, VersionUnknown
from gateway.store import OperationRow, Store, StoreDown

REFRESH = 30.0  # seconds; the slow timer for a message that was lost
RETRY = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """What the gateway needs to know of an operation."""

    api: str
    name: str
    method: str
    scopes: tuple[str, ...]
    cost: int


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    operations: dict[str, Operation] = field(default_factory=dict)

    def child(self, segment: str) -> "_Node":
        """Return the node below for a segment of a template, made where it is missing."""
        if segment.startswith("{") and segment.endswith("}"):
            self.parameter = self.parameter or _Node()
            return self.parameter
        return self.children.setdefault(segment, _Node())


class Table:
    """The compiled catalog."""

    def __init__(self, rows: Iterable[OperationRow]) -> None:
        self.root = _Node()
        self.versions: dict[str, set[str]] = {}
        self.scopes: dict[str, list[str]] = {"": []}  # by /api/version, and of all together
        for row in rows:
            version = f"v{row.major}"
            self.versions.setdefault(row.api, set()).add(version)
            node = self.root.child(row.api).child(version)
            for segment in row.path.split("/")[1:]:
                node = node.child(segment)
            node.operations[row.method] = Operation(
                row.api, row.name, row.method, tuple(row.scopes), row.cost
            )
            for resource in ("", f"/{row.api}/{version}"):
                known = self.scopes.setdefault(resource, [])
                self.scopes[resource] = sorted({*known, *row.scopes})

    def find(self, method: str, path: str) -> Operation:
        """Return the operation at ``path``; HEAD is served as GET."""
        segments = path.split("/")[1:]
        node = self._walk(self.root, segments, 0)
        if node is None:
            raise self._missing(path, segments)
        operation = node.operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            allowed = sorted({*node.operations, *(["HEAD"] if "GET" in node.operations else [])})
            raise MethodNotAllowed(
                f"{path} knows no {method}, only {', '.join(allowed)}.",
                headers={"Allow": ", ".join(allowed)},
            )
        return operation

    def _walk(self, node: _Node, segments: list[str], at: int) -> _Node | None:
        if at == len(segments):
            return node if node.operations else None
        found = None
        if child := node.children.get(segments[at]):
            found = self._walk(child, segments, at + 1)
        if found is None and node.parameter and segments[at]:
            found = self._walk(node.parameter, segments, at + 1)
        return found

    def _missing(self, path: str, segments: list[str]) -> VersionUnknown | OperationUnknown:
        versions = self.versions.get(segments[0])
        if versions is None:
            known = ", ".join(sorted(self.versions)) or "none yet"
            return OperationUnknown(f"No API begins at /{segments[0]}. There are: {known}.")
        asked = segments[1] if len(segments) > 1 else ""
        if asked not in versions:
            offered = ", ".join(sorted(versions))
            return VersionUnknown(f"The API {segments[0]} has no {asked or 'version'}: {offered}.")
        return OperationUnknown(f"No operation has the path {path}.")


class Routes:
    """The current table, kept up to date in the background."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.table: Table | None = None
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._digest = b""

    def find(self, method: str, path: str) -> Operation:
        """Return the operation of a request."""
        if self.table is None:
            raise CatalogUnavailable(headers={"Retry-After": "1"})
        return self.table.find(method, path)

    def hear(self, message: str) -> None:
        """Read the catalog again when a message says that it changed."""
        if message.startswith("catalog:"):
            self._changed.set()

    async def start(self) -> None:
        """Load the table, now if possible, and keep it fresh."""
        await self._load()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Let the table be."""
        if self._keeper:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper

    async def _keep(self) -> None:
        loaded = self.table is not None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH if loaded else RETRY):
                    await self._changed.wait()
            self._changed.clear()
            loaded = await self._load()

    async def _load(self) -> bool:
        try:
            rows = await self.store.operations()
        except StoreDown:
            return False
        digest = orjson.dumps([tuple(row) for row in sorted(rows, key=_place)])
        if digest != self._digest:
            self.table, self._digest = Table(rows), digest
            log.info("The catalog has %s operations.", len(rows))
        return True


def _place(row: OperationRow) -> tuple[Any, ...]:
    return row.api, row.major, row.path, row.method
