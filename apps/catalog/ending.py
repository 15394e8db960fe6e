"""Which parts of an operation's requests a document calls deprecated. Pure.

A part is written ``query:expand``, ``header:x-old`` or ``body:customer/name``; ``*`` in a body
stands for every item of a list. A gateway notes which of them a request uses.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.catalog.parameters import Part, is_deprecated, mapping, parameters
from apps.catalog.views import Views

MOST: Final = 100  # parts of one operation
DEEP: Final = 8  # members in one another
LOOKED: Final = 2_000  # schemas of one body
LENGTH: Final = 200  # characters of a part
PLACES: Final = ("query", "header")
NAMES: Final = {"query": "query parameter", "header": "header", "body": "body property"}


@dataclass(frozen=True, slots=True)
class Ended:
    """A part, read again."""

    place: str  # query, header or body
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return it as people write it."""
        return ".".join(self.path).replace(".*", "[]")

    def __str__(self) -> str:
        return f"{NAMES.get(self.place, self.place)} {self.name}"


def read(part: str) -> Ended:
    """Return what a part such as ``body:customer/name`` names."""
    place, _, rest = part.partition(":")
    if place != "body":
        return Ended(place, (rest,))
    names = rest.split("/")
    return Ended(place, tuple(one.replace("~1", "/").replace("~0", "~") for one in names))


def parts(views: Views, item: Part, operation: Part) -> list[str]:
    """Return the deprecated parts of an operation's requests."""
    found = [
        f"{place}:{name}"
        for (place, name), one in parameters(views, item, operation).items()
        if place in PLACES and is_deprecated(views, one)
    ]
    found += dict.fromkeys(_of_body(views, mapping(views.follow(operation.get("requestBody")))))
    return sorted([part for part in found if len(part) <= LENGTH][:MOST])


def _of_body(views: Views, body: Part) -> Iterator[str]:
    for kind, media in mapping(body.get("content")).items():
        name = str(kind).partition(";")[0].strip().lower()
        if name == "application/json" or name.endswith("+json"):
            for path in _inside(views, mapping(media).get("schema")):
                yield f"body:{path}"


def _inside(views: Views, schema: Any) -> Iterator[str]:
    """Return the places of deprecated properties, those nearest to the top first."""
    left: deque[tuple[str, Any, int]] = deque([("", schema, 0)])
    looked = 0
    while left and looked < LOOKED:
        at, one, deep = left.popleft()
        looked += 1
        view = views.of(one)
        inner = [(f"{at}/*", view.items)] if view.items is not None else []
        inner += [(at, alternative) for group in view.groups for alternative in group]
        for name, property_ in view.properties.items():
            place, said = f"{at}/{_escaped(name)}", views.of(property_)
            if said.deprecated and said.writes:
                yield place.removeprefix("/")
            elif said.writes and name != "*":
                inner.append((place, property_))
        if deep < DEEP:
            left += [(place, below, deep + 1) for place, below in inner]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
