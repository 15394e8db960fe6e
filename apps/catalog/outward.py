"""A document as developers read it: calls go to the gateway, with the platform's credentials. Pure.

An imported document speaks of the service behind the gateway; its servers and its ways to prove who
calls are nobody's business here.
"""

from collections.abc import Mapping
from typing import Any, Final

from apps.catalog.openapi import METHODS

BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key of this platform, or an access token.",
}


def outward(
    document: Mapping[str, Any], *, server: str, scopes: Mapping[tuple[str, str], list[str]]
) -> dict[str, Any]:
    """Return an imported document for callers of ``server``, which stands before its paths.

    ``scopes`` tells what an operation needs, by method and path as the document writes it.
    """
    shown = {name: value for name, value in document.items() if name != "security"}
    components = dict(shown.get("components") or {})
    components["securitySchemes"] = {"bearer": BEARER}
    paths = document.get("paths") or {}
    return {
        **shown,
        "servers": [{"url": server}],
        "paths": {path: _item(path, item, scopes) for path, item in paths.items()},
        "components": components,
    }


def _item(path: str, item: Any, scopes: Mapping[tuple[str, str], list[str]]) -> Any:
    if not isinstance(item, dict):
        return item
    made = {name: value for name, value in item.items() if name != "servers"}
    for method in METHODS:
        if isinstance(operation := item.get(method), dict):
            needed = scopes.get((method.upper(), path), [])
            made[method] = {name: value for name, value in operation.items() if name != "servers"}
            made[method] |= {"security": [{"bearer": []}], "x-trellis-scopes": needed}
    return made
