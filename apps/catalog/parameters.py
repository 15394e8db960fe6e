"""The parameters of an operation, wherever a document writes them. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from apps.catalog.views import Views

PLACES: Final = ("query", "header", "path", "cookie")
# OpenAPI leaves these to others.
IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
Part = Mapping[str, Any]
Parameters = dict[tuple[str, str], dict[str, Any]]  # by where they stand, and their names


def parameters(views: Views, item: Part, operation: Part) -> Parameters:
    """Return the parameters of an operation; its own replace its path's."""
    found: Parameters = {}
    for holder in (item, operation):
        listed = holder.get("parameters")
        for raw in listed if isinstance(listed, list) else ():
            one = views.follow(raw)
            if not isinstance(one, dict):
                continue
            place, name = str(one.get("in")), str(one.get("name"))
            if place == "header":
                name = name.lower()
                if name in IGNORED:
                    continue
            if place in PLACES:
                found[place, name] = one
    return found


def is_deprecated(views: Views, parameter: Part) -> bool:
    """Tell whether a document says that a parameter will go."""
    return parameter.get("deprecated") is True or views.of(parameter.get("schema")).deprecated


def mapping(value: Any) -> Part:
    """Return an object, or an empty one for whatever stands in its place."""
    return value if isinstance(value, dict) else {}
