"""The left navigation: what one may open, in the order in which a developer meets it."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.permissions import PORTAL
from portal.request import may

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation. It is current on every page whose name begins like its own."""

    name: str
    title: Words
    glyph: str


@dataclass(frozen=True, slots=True)
class Item:
    """A place as one request sees it."""

    title: Words
    glyph: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Items under one heading."""

    title: Words
    items: list[Item]


PLACES: Final[tuple[tuple[Words, tuple[Place, ...]], ...]] = (
    (
        "",
        (
            Place("start", _("Get started"), "rocket"),
            Place("overview", _("Overview"), "layout-dashboard"),
            Place("applications", _("Applications"), "app-window"),
            Place("keys", _("API keys"), "key-round"),
            Place("logs", _("Request logs"), "scroll-text"),
            Place("usage", _("Usage"), "chart-line"),
        ),
    ),
    (
        _("Build"),
        (
            Place("swagger", _("API explorer"), "terminal"),
            Place("docs", _("Docs"), "book-open"),
        ),
    ),
    (
        _("Organization"),
        (Place("members", _("Members"), "users"), Place("settings", _("Settings"), "settings")),
    ),
)


def groups(request: HttpRequest) -> list[Group]:
    """Return the navigation with the current page marked."""
    match = request.resolver_match
    here = match.url_name or "" if match and match.namespace == "portal" else ""
    here = "logs" if here == "explain" else here
    return [
        Group(
            title,
            [
                Item(
                    place.title,
                    place.glyph,
                    reverse(f"portal:{place.name}"),
                    here == place.name or here.startswith(f"{place.name}-"),
                )
                for place in places
                if _opens(request, place)
            ],
        )
        for title, places in PLACES
    ]


def _opens(request: HttpRequest, place: Place) -> bool:
    action = PORTAL[place.name].reads
    return not action or may(request, action)
