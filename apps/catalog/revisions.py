"""Dated revisions of an API's version, and the functions that stand between them. Pure.

A service speaks the newest revision only. Who wrote against an older one is served through small
functions, each registered for one revision and some operations by the engineer of the API, in a
module that ``TRELLIS_REVISIONS`` names::

    history = History("pets", 1, first="2026-03-01")
    named = history.revision("2026-11-01", "An animal's `kind` is called `species`.")

    @named.request("addPet")
    def kind_to_species(body): ...

    @named.response("addPet", "listPets")
    def species_to_kind(body): ...

The gateway imports these modules, so nothing in them may need Django.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from apps.core.members import Invalid

Direction = Literal["request", "query", "response"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("request", "query", "response")
Pairs = list[tuple[str, str]]  # of a query, in order
Function = Callable[[Any], Any]  # may change what it is given, and returns what it has become


class Broken(Exception):  # noqa: N818 - how it ended
    """A registered function raised; the message is its name."""


@dataclass(frozen=True, slots=True)
class Registered:
    """One function: from the revision before to ``revision`` for requests, back for answers."""

    revision: str
    direction: Direction
    operations: frozenset[str]
    function: Function

    @property
    def name(self) -> str:
        """Return the function's name."""
        return str(getattr(self.function, "__name__", "function"))


@dataclass(frozen=True, slots=True)
class Chain:
    """All functions between an older revision and the newest, for one operation, in order."""

    request: tuple[Registered, ...]
    query: tuple[Registered, ...]
    response: tuple[Registered, ...]


@dataclass(frozen=True, slots=True)
class Revision:
    """What a version became on a date, in words for developers (Markdown)."""

    name: str
    words: str
    functions: list[Registered] = field(default_factory=list)

    def request(self, *operations: str) -> Callable[[Function], Function]:
        """Register what makes an older request's JSON body one of this revision."""
        return self._register("request", operations)

    def query(self, *operations: str) -> Callable[[Function], Function]:
        """Register what makes an older query, a list of pairs, one of this revision."""
        return self._register("query", operations)

    def response(self, *operations: str) -> Callable[[Function], Function]:
        """Register what makes an answer's JSON body one of the revision before."""
        return self._register("response", operations)

    def _register(
        self, direction: Direction, operations: tuple[str, ...]
    ) -> Callable[[Function], Function]:
        if not operations:
            raise Invalid(f"A function of {self.name} names no operation.")

        def register(function: Function) -> Function:
            made = Registered(self.name, direction, frozenset(operations), function)
            if any(known.name == made.name for known in self.functions):
                raise Invalid(f"{self.name} has two functions of the name {made.name}.")
            self.functions.append(made)
            return function

        return register


class History:
    """The revisions of one version of an API, oldest first."""

    def __init__(self, api: str, major: int, *, first: str, words: str = "") -> None:
        """``first`` is what callers are served who came before there were revisions."""
        self.api, self.major = api, major
        self.version = f"{api}/v{major}"
        self.revisions = [Revision(_date(first), words or "Where this version began.")]

    def __str__(self) -> str:
        return self.version

    def revision(self, name: str, words: str) -> Revision:
        """Add the next revision."""
        if _date(name) <= self.newest:
            raise Invalid(f"{self}: {name} must come after {self.newest}.")
        made = Revision(name, words)
        if not words.strip():
            raise Invalid(f"{self}: say in words what changed in {name}.")
        self.revisions.append(made)
        return made

    @property
    def newest(self) -> str:
        """Return the name of what the service speaks."""
        return self.revisions[-1].name

    @property
    def names(self) -> list[str]:
        """Return the names of all, oldest first."""
        return [one.name for one in self.revisions]

    def applied(self, pin: str) -> str:
        """Return what a caller with this pin is served; without one ("") it is the first.

        A revision that is gone is told as the next one that is left.
        """
        return next((name for name in self.names if name >= pin), self.newest)

    def after(self, name: str) -> list[Revision]:
        """Return what came after a revision, oldest first."""
        return [one for one in self.revisions if one.name > name]

    def chain(self, operation: str, name: str) -> Chain | None:
        """Return what stands between revision ``name`` and the newest; None when nothing does."""
        between = [
            one
            for revision in self.after(name)
            for one in revision.functions
            if operation in one.operations
        ]
        if not between:
            return None
        parts = {
            direction: tuple(one for one in between if one.direction == direction)
            for direction in DIRECTIONS
        }
        parts["response"] = parts["response"][::-1]
        return Chain(**parts)

    def strangers(self, operations: Iterable[str]) -> list[str]:
        """Return a sentence for each function that names operations which the version has not."""
        known = set(operations)
        return [
            f"{self.version} has no operation {' or '.join(missing)}, for which {one.name} of the "
            f"revision {one.revision} is registered."
            for revision in self.revisions
            for one in revision.functions
            if (missing := sorted(one.operations - known))
        ]


def run(functions: Iterable[Registered], value: Any) -> Any:
    """Return what becomes of a value; Broken when a function raises."""
    for one in functions:
        try:
            value = one.function(value)
        except Exception as error:
            raise Broken(f"{one.name} of {one.revision}") from error
    return value


def load(modules: Iterable[str]) -> dict[str, History]:
    """Return the histories of all modules by version; Invalid says what is wrong with which."""
    found: dict[str, History] = {}
    for name in modules:
        try:
            module = importlib.import_module(name)
        except Exception as error:
            raise Invalid(f"The revisions in {name} cannot be read: {error}") from error
        histories = [one for one in vars(module).values() if isinstance(one, History)]
        if not histories:
            raise Invalid(f"The module {name} has no revisions: make a History in it.")
        for history in histories:
            if history.version in found:
                raise Invalid(f"{history} has two histories; the second is in {name}.")
            found[history.version] = history
    return found


registered: dict[str, History] = {}  # in the web; a gateway holds what it has loaded itself


def register(histories: Mapping[str, History]) -> None:
    """Make histories known to pages, services and the catalog."""
    registered.update(histories)


def _date(name: str) -> str:
    try:
        sensible = date.fromisoformat(name).isoformat() == name
    except ValueError:
        sensible = False
    if not sensible:
        raise Invalid(f"{name!r} is no date: name a revision as 2026-11-01.")
    return name
