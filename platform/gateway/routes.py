"""From method and path to an operation of the catalog.

The table is immutable: a change of the catalog compiles another one, which replaces it at once.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from apps.catalog import policies
from apps.catalog.policies import PLAIN, Policy
from apps.catalog.revisions import History
from apps.core import ids
from apps.core.members import Invalid
from apps.core.rest.errors import MethodNotAllowed
from gateway import endings, revisions
from gateway.course import course
from gateway.endings import Ending
from gateway.exchange import Headers, Step
from gateway.problems import CatalogUnavailable, OperationUnknown, VersionUnknown
from gateway.revisions import Dated, Place
from gateway.schemas import Document, Shape
from gateway.store import OperationRow, Store, StoreDown
from gateway.tree import Node
from gateway.upstreams import Upstreams

REFRESH = 30.0  # seconds; the slow timer for a message that was lost
RETRY = 1.0
log = logging.getLogger(__name__)

Version = tuple[str, int]  # API and major


@dataclass(frozen=True, slots=True)
class Operation:
    """What the gateway needs to know of an operation. Times are seconds since 1970.

    An upstream knows it not below ``/api/version``, which are ``own`` bytes, but below ``base``.
    """

    api: str
    name: str
    method: str
    scopes: tuple[str, ...]
    cost: int
    policy: Policy = PLAIN
    steps: tuple[Step, ...] = ()
    upstream: str = ""
    base: bytes = b""
    own: int = 0
    version: str = ""
    notice: Headers = field(default_factory=list)  # to every answer, of its end
    sunset_at: float | None = None
    guide: str = ""  # where to read how to move on
    shape: Shape | None = None  # what the document says of it, where the policy asks
    dated: Dated | None = None  # itself in every revision, where its version has some
    place: Place | None = None  # among them
    ending: Ending | None = None  # deprecated parts of its requests, where there are some


class Table:
    """The compiled catalog."""

    def __init__(
        self,
        rows: Iterable[OperationRow],
        documents: Mapping[Version, str] | None = None,
        *,
        portal: str = "",
        histories: Mapping[str, History] | None = None,
    ) -> None:
        """``documents`` are those of the versions that ``described`` names, as JSON."""
        names: dict[str, list[str]] = {}  # of operations, by version
        read = {of: Document(orjson.loads(text)) for of, text in (documents or {}).items()}
        self.root: Node[Operation] = Node()
        self.versions: dict[str, set[str]] = {}
        scopes: dict[str, set[str]] = {"": set()}  # by /api/version, and of all together
        self.known_to: dict[str, frozenset[str]] = {}  # organizations, of APIs that are not public
        for row in rows:
            version = f"v{row.major}"
            self.versions.setdefault(row.api, set()).add(version)
            node = self.root.at(row.api, version, *row.path.split("/")[1:])
            document = read.get((row.api, row.major))
            operation = _operation(row, document, portal)
            named = f"{row.api}/{version}"
            names.setdefault(named, []).append(row.name)
            if histories and (history := histories.get(named)):
                operation = _dated(operation, history)
            node.held[row.method] = operation
            if row.known_to is not None:
                self.known_to[row.api] = frozenset(ids.encode("org", one) for one in row.known_to)
                continue
            for resource in ("", f"/{named}"):
                scopes.setdefault(resource, set()).update(row.scopes)
        self.scopes = {resource: sorted(needed) for resource, needed in scopes.items()}
        self.strangers = [  # what revisions name and the catalog does not
            sentence
            for version, history in (histories or {}).items()
            if version in names
            for sentence in history.strangers(names[version])
        ]

    def shows(self, api: str, organization: str = "") -> bool:
        """Tell whether an organization may know of an API; without one, whether everybody may."""
        return api not in self.known_to or organization in self.known_to[api]

    def find(self, method: str, path: str, organization: str = "") -> Operation:
        """Return the operation at ``path`` for a caller; HEAD is served as GET.

        An API that the caller may not know of is missing to it like any other word.
        """
        segments = path.split("/", 2)
        if self.known_to and not self.shows(segments[1], organization):
            raise self._missing(path, segments[1:], organization)
        return self.locate(method, path, organization)

    def locate(self, method: str, path: str, organization: str = "") -> Operation:
        """Return the operation at ``path``, whoever may know of it."""
        segments = path.split("/")[1:]
        node = self.root.find(segments)
        if node is None:
            raise self._missing(path, segments, organization)
        operation = node.held.get("GET" if method == "HEAD" else method)
        if operation is None:
            allowed = sorted({*node.held, *(["HEAD"] if "GET" in node.held else [])})
            raise MethodNotAllowed(
                f"{path} knows no {method}, only {', '.join(allowed)}.",
                headers={"Allow": ", ".join(allowed)},
            )
        return operation

    def _missing(
        self, path: str, segments: list[str], organization: str
    ) -> VersionUnknown | OperationUnknown:
        shown = [api for api in self.versions if self.shows(api, organization)]
        versions = self.versions[segments[0]] if segments[0] in shown else None
        if versions is None:
            known = ", ".join(sorted(shown)) or "none yet"
            return OperationUnknown(f"No API begins at /{segments[0]}. There are: {known}.")
        asked = segments[1] if len(segments) > 1 else ""
        if asked not in versions:
            offered = ", ".join(sorted(versions))
            return VersionUnknown(f"The API {segments[0]} has no {asked or 'version'}: {offered}.")
        return OperationUnknown(f"No operation has the path {path}.")


def described(rows: Iterable[OperationRow]) -> set[Version]:
    """Return the versions whose documents the policies of operations speak of."""
    asks = {"validate", "mock"}
    return {(r.api, r.major) for r in rows if asks & {*r.policy, *r.general}}


async def unserved(exchange: object) -> None:
    """Stand for an operation whose policy nobody can follow."""
    raise CatalogUnavailable("The operation's policy makes no sense. The operator can read why.")


def _operation(row: OperationRow, document: Document | None, portal: str) -> Operation:
    try:
        policy = policies.parse(row.policy, of=row.general)
        steps = course(policy, ending=bool(row.ending))
    except Invalid as error:
        log.error("The policy of %s at %s makes no sense: %s", row.name, row.api, error)  # noqa: TRY400 - where it happened says nothing
        policy, steps = PLAIN, (unserved,)
    prefix = f"/{row.api}/v{row.major}"
    path = ("" if row.upstream else prefix) + row.path.replace("{+", "{")
    return Operation(
        row.api,
        row.name,
        row.method,
        tuple(row.scopes),
        row.cost,
        policy=policy,
        steps=steps,
        upstream=row.upstream,
        base=row.base.encode(),
        own=len(prefix),
        version=f"v{row.major}",
        notice=endings.notice(row, portal),
        sunset_at=row.sunset_at,
        guide=endings.guide(row.api, row.major, portal),
        shape=document.shape(row.method, path) if document else None,
        ending=endings.parts(row.ending) if row.ending else None,
    )


def _dated(operation: Operation, history: History) -> Operation:
    """Return an operation in the newest revision, which knows itself in the others."""
    dated = Dated(history, (revisions.HEADER, history.newest.encode()))
    for name in history.names:
        place = revisions.place(history, operation.name, name)
        steps = operation.steps
        if steps != (unserved,):
            ends = operation.ending is not None
            steps = course(operation.policy, place.chain, dated=True, ending=ends)
        dated.served[name] = replace(operation, dated=dated, place=place, steps=steps)
    return dated.served[history.newest]


class Routes:
    """The current table, kept up to date in the background."""

    def __init__(
        self,
        store: Store,
        upstreams: Upstreams,
        *,
        portal: str = "",
        histories: Mapping[str, History] | None = None,
    ) -> None:
        self.store = store
        self.upstreams = upstreams
        self.portal = portal
        self.histories = histories
        self.table: Table | None = None
        self.compiled = 0  # tables so far
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._digest = b""

    def find(self, method: str, path: str, organization: str) -> Operation:
        """Return the operation of a request."""
        if self.table is None:
            raise CatalogUnavailable(headers={"Retry-After": "1"})
        return self.table.find(method, path, organization)

    def hear(self, message: str) -> None:
        """Read the catalog again when a message says that it changed."""
        if message.startswith("catalog:"):
            self._changed.set()

    async def start(self) -> None:
        """Load the table, now if possible, and keep it fresh.

        Revisions that name what the catalog has not are a slip in their modules: Invalid.
        """
        await self._load()
        if self.table is not None and self.table.strangers:
            raise Invalid(" ".join(self.table.strangers))
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
            rows, services = await self.store.operations(), await self.store.upstreams()
        except StoreDown:
            return False
        # A new table meets its services there; an old one's requests end with theirs.
        self.upstreams.add(services)
        digest = orjson.dumps([tuple(row) for row in sorted(rows, key=_place)])
        if digest != self._digest:
            try:
                documents = {v: await self.store.document(*v) for v in described(rows)}
                # A large catalog takes a while, in which requests want to be answered.
                self.table = await asyncio.to_thread(
                    Table, rows, documents, portal=self.portal, histories=self.histories
                )
            except StoreDown:
                return False
            self._digest = digest
            self.compiled += 1
            log.info("The catalog has %s operations.", len(rows))
            for sentence in self.table.strangers:
                log.error(sentence)
        self.upstreams.drop(services)
        return True


def _place(row: OperationRow) -> tuple[Any, ...]:
    return row.api, row.major, row.path, row.method
