"""The references inside an OpenAPI document. Pure: nothing outside is ever fetched."""

from typing import Any, Final
from urllib.parse import unquote

from apps.core.documents import walk
from apps.core.members import Invalid

MOST: Final = 20  # references that lead to one another
# What these hold is data, in which a $ref is a word like any other.
DATA: Final = frozenset({"const", "default", "enum", "example", "value"})
MISSING: Final = object()


def check(document: dict[str, Any]) -> None:
    """Refuse references that lead outside, or nowhere."""
    known: set[str] = set()
    for place, value in walk(document):
        if not isinstance(value, dict) or not isinstance(reference := value.get("$ref"), str):
            continue
        if reference in known or DATA.intersection(place.split(".")):
            continue
        if not reference.startswith("#"):
            raise Invalid(
                f"{place}: $ref {reference[:200]!r} leads outside the document. "
                "Bundle it into one file first, for example with redocly bundle."
            )
        if reference.startswith("#/") and resolve(document, reference) is MISSING:
            raise Invalid(f"{place}: $ref {reference[:200]!r} leads nowhere.")
        known.add(reference)


def resolve(document: Any, reference: str) -> Any:
    """Return what a reference such as ``#/components/schemas/Pet`` names, or MISSING."""
    found = document
    for part in reference.removeprefix("#").split("/")[1:]:
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        elif isinstance(found, dict) and name in found:
            found = found[name]
        else:
            return MISSING
    return found


def follow(document: Any, value: Any) -> Any:
    """Return ``value``, or what it refers to in the end."""
    for _ in range(MOST):
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str):
            return value
        value = resolve(document, reference)
    raise Invalid(f"A $ref leads in a circle: {value}.")
