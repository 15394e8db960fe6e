"""What an OpenAPI document says of operations, scopes and costs. Pure.

``describe`` reads OpenAPI 3.0 and 3.1 and checks what the platform relies on; an error names the
place in the document. What it does not rely on is left to the documentation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from apps.catalog import ending, pointers, rights
from apps.catalog.rights import Words
from apps.catalog.views import Views
from apps.core import documents
from apps.core.members import Invalid

METHODS: Final = ("get", "post", "put", "patch", "delete")
# HEAD is answered as GET, OPTIONS by the gateway itself, and TRACE never.
LEFT_OUT: Final = ("head", "options", "trace")
NAME_LIMIT: Final = 120
PATH_LIMIT: Final = 300
SUMMARY_LIMIT: Final = 200
MOST: Final = 5_000  # operations of one document
DEAREST: Final = 1_000_000
TEXT_OF_PATH: Final = re.compile(r"[\w.~!$&'()*+,;=:@%/-]*", re.ASCII)
PARAMETER: Final = re.compile(r"\{([^{}/]*)\}")
UNSAFE: Final = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. ``path`` writes parameters of several segments ``{+name}``."""

    method: str
    path: str
    name: str
    summary: str
    scopes: tuple[str, ...]
    cost: int
    deprecated: bool
    ending: tuple[str, ...] = ()  # deprecated parts of its requests

    @property
    def place(self) -> tuple[str, str]:
        """What stays the same while everything else may change."""
        return self.method, self.path.replace("{+", "{")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Described:
    """A document's content. ``origin`` and ``base`` come from its first server, where it has one.

    ``notes`` says what of the document has no effect here.
    """

    title: str
    description: str
    origin: str
    base: str
    operations: tuple[Operation, ...]
    scopes: dict[str, Words]
    notes: tuple[str, ...] = field(default=())


def describe(document: Any, *, slug: str, prefix: str = "", native: bool = False) -> Described:
    """Return what ``document`` says of the API ``slug``; Invalid when we cannot rely on it.

    ``prefix`` is what its paths begin with and an operation's path does not. An operation of a
    ``native`` API needs the scopes that it names and no others.
    """
    _version(document)
    info = _object(document, "info", "info")
    pointers.check(document)
    notes: list[str] = []
    origin, base = _server(document)
    reading = _Reading(document, slug=slug, prefix=prefix, native=native, notes=notes)
    operations = tuple(reading.operations())
    if not operations:
        raise Invalid("paths holds no operation: there is nothing to publish.")
    words = rights.words(document, slug, [o.scopes for o in operations], str(info.get("title", "")))
    return Described(
        title=_text(info, "title", "info.title") or slug,
        description=_text(info, "description", "info.description"),
        origin=origin,
        base=base,
        operations=operations,
        scopes=words,
        notes=tuple(notes),
    )


def _version(document: Any) -> None:
    if not isinstance(document, dict):
        raise Invalid("The document must be an object with openapi, info and paths.")
    if "swagger" in document:
        raise Invalid(
            f"swagger: this is Swagger {document['swagger']}; OpenAPI 3.0 and 3.1 are read. "
            "Convert it first, for example with swagger2openapi."
        )
    version = document.get("openapi")
    if not isinstance(version, str) or not re.match(r"3\.[01](\.|$)", version):
        raise Invalid(f"openapi must be 3.0.x or 3.1.x, not {version!r}.")


def _server(document: dict[str, Any]) -> tuple[str, str]:
    """Return scheme, host and port of the first server, and the path that it adds."""
    servers = document.get("servers") or []
    if not isinstance(servers, list) or not all(isinstance(one, dict) for one in servers):
        raise Invalid("servers must be a list of objects.")
    if not servers:
        return "", ""
    url = str(servers[0].get("url", ""))
    variables = servers[0].get("variables") or {}
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        default = variable.get("default", "") if isinstance(variable, dict) else ""
        url = url.replace(f"{{{name}}}", str(default))
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    except ValueError:
        raise Invalid(f"servers.0.url: {url!r} is not an address.") from None
    base = parts.path.rstrip("/")
    if "{" in url or not TEXT_OF_PATH.fullmatch(base):
        raise Invalid(f"servers.0.url: {url!r} is not an address.")
    return origin, base if base.startswith("/") or not base else f"/{base}"


class _Reading:
    """Goes through the paths of one document."""

    def __init__(
        self, document: dict[str, Any], *, slug: str, prefix: str, native: bool, notes: list[str]
    ) -> None:
        self.document = document
        self.slug = slug
        self.prefix = prefix
        self.native = native
        self.notes = notes
        self.views = Views(document)
        # Most documents deprecate nothing, and their bodies need not be looked through.
        self.ends = any(name == "deprecated" for _, name in documents.walk(document))
        self.names: dict[str, str] = {}  # operationId -> where it stands
        self.places: dict[tuple[str, str], str] = {}

    def operations(self) -> Iterator[Operation]:
        """Return every operation that the gateway can serve, those with a name of their own first.

        A name that is made for one never takes that of another.
        """
        found = list(self._found())
        if len(found) > MOST:
            raise Invalid(f"paths holds {len(found):,} operations; at most {MOST:,} are published.")
        named = [one for one in found if one[4].get("operationId") is not None]
        rest = [one for one in found if one[4].get("operationId") is None]
        for at, path, item, method, described in (*named, *rest):
            yield self._operation(at, path, item, method, described)

    def _found(self) -> Iterator[tuple[str, str, dict[str, Any], str, dict[str, Any]]]:
        for path, raw in _object(self.document, "paths", "paths").items():
            at = f"paths.{path}"
            if path.startswith("x-"):
                continue
            item = pointers.follow(self.document, raw)
            if not path.startswith("/") or not isinstance(item, dict):
                raise Invalid(f"{at}: a path begins with / and holds an object of methods.")
            for method in METHODS:
                if method in item:
                    yield f"{at}.{method}", path, item, method, _object(item, method, at)
            if left := [method.upper() for method in LEFT_OUT if method in item]:
                self.notes.append(f"{at}: {', '.join(left)} is left to the gateway.")

    def _operation(
        self, at: str, path: str, item: dict[str, Any], method: str, described: dict[str, Any]
    ) -> Operation:
        if "servers" in described or "servers" in item:
            self.notes.append(f"{at}: its own servers are not asked; its API's upstream is.")
        template = self._template(at, path, item, described)
        name = self._name(at, method, template, described)
        made = Operation(
            method=method.upper(),
            path=template,
            name=name,
            summary=_text(described, "summary", f"{at}.summary")[:SUMMARY_LIMIT],
            scopes=rights.needed(
                self.document, described, at, slug=self.slug, method=method, native=self.native
            ),
            cost=_cost(described, at),
            deprecated=described.get("deprecated") is True,
            ending=tuple(ending.parts(self.views, item, described)) if self.ends else (),
        )
        # {id} and {name} are one place: no request could tell them apart.
        place = (method, PARAMETER.sub("{}", template))
        if place in self.places:
            raise Invalid(f"{at} and {self.places[place]} are the same for every request.")
        self.places[place] = at
        return made

    def _template(self, at: str, path: str, item: dict[str, Any], described: dict[str, Any]) -> str:
        text = path.removeprefix(self.prefix)
        if not TEXT_OF_PATH.fullmatch(PARAMETER.sub("", text)) or "//" in text:
            raise Invalid(f"{at}: {path!r} is not a path with {{parameters}}.")
        for name in self._wide(item, described):
            if f"/{{{name}}}" in text and re.search(rf"/\{{{re.escape(name)}\}}(/|$)", text):
                text = text.replace(f"{{{name}}}", f"{{+{name}}}")
        if text.count("{+") > 1:
            raise Invalid(f"{at}: only one parameter of a path can have x-multi-segment.")
        if len(text) > PATH_LIMIT:
            raise Invalid(f"{at}: a path has at most {PATH_LIMIT} characters.")
        return text

    def _wide(self, item: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
        """Return the names of path parameters that hold slashes."""
        for holder in (item, described):
            listed = holder.get("parameters")
            for raw in listed if isinstance(listed, list) else ():
                parameter = pointers.follow(self.document, raw)
                if isinstance(parameter, dict) and parameter.get("x-multi-segment") is True:
                    yield str(parameter.get("name", ""))

    def _name(self, at: str, method: str, path: str, described: dict[str, Any]) -> str:
        place = f"{at}.operationId"
        if described.get("operationId") is None:
            stem = UNSAFE.sub("_", f"{method}{path}").strip("_")[: NAME_LIMIT - 4]
            name, number = stem, 2
            while name in self.names:
                name, number = f"{stem}_{number}", number + 1
        else:
            name = _text(described, "operationId", place)
            if not name or len(name) > NAME_LIMIT or not name.isprintable():
                raise Invalid(f"{place} must be a text of 1 to {NAME_LIMIT} characters.")
            if name in self.names:
                raise Invalid(f"{place} and {self.names[name]} are both {name!r}.")
        self.names[name] = place
        return name


def _cost(described: dict[str, Any], at: str) -> int:
    cost = described.get("x-trellis-cost", 1)
    if not isinstance(cost, int) or isinstance(cost, bool) or not 0 <= cost <= DEAREST:
        raise Invalid(f"{at}.x-trellis-cost must be a whole number from 0 to {DEAREST:,}.")
    return cost


def _object(holder: dict[str, Any], name: str, at: str) -> dict[str, Any]:
    found = holder.get(name)
    if not isinstance(found, dict):
        where = at if at == name else f"{at}.{name}"
        raise Invalid(f"{where} must be an object.")
    return found


def _text(holder: dict[str, Any], name: str, at: str) -> str:
    found = holder.get(name, "")
    if not isinstance(found, str):
        raise Invalid(f"{at} must be a text.")
    return found.strip()
