"""Where an answer leads: a service's own addresses become those at which callers find them.

A service knows itself by an address that callers do not, and below another path. What it says in
``Location``, ``Content-Location`` and ``Link`` is told as callers can use it; a place inside the
operator's network is not told at all.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from gateway.exchange import Headers

LEADING = {b"location", b"content-location", b"link"}
LINKED = re.compile(r"<([^>]*)>")
PORTS = {"http": 80, "https": 443}
INSIDE = (".internal", ".local", ".localhost", ".lan", ".home.arpa")

Origin = tuple[str, int]


class Unspeakable(Exception):  # noqa: N818 - what a place is
    """The place is inside the operator's network."""


class Places:
    """The addresses of one version of an API: ``own`` of its service, ``known`` to everybody.

    The service has below ``base`` what callers find below ``prefix``.
    """

    def __init__(self, *, own: Iterable[str], known: Iterable[str], base: str, prefix: str) -> None:
        self.own = {_origin(urlsplit(url)) for url in own}
        self.known = {_origin(urlsplit(url)) for url in known}
        self.base = base
        self.prefix = prefix

    def told(self, headers: Headers) -> Headers:
        """Return an answer's headers as callers can use them."""
        made = []
        for name, value in headers:
            if name in LEADING:
                try:
                    text = self._line(name, value.decode("latin-1"))
                except (Unspeakable, ValueError):
                    continue
                made.append((name, text.encode("latin-1")))
            else:
                made.append((name, value))
        return made

    def _line(self, name: bytes, value: str) -> str:
        if name == b"link":
            return LINKED.sub(lambda found: f"<{self._place(found[1].strip())}>", value)
        return self._place(value.strip())

    def _place(self, url: str) -> str:
        parts = urlsplit(url)
        if not parts.netloc:
            ours = url.startswith("/") and not url.startswith(f"{self.prefix}/")
            return self._outside(url) or url if ours else url
        origin = _origin(parts)
        if origin in self.own:
            path = parts._replace(scheme="", netloc="").geturl()
            if found := self._outside(path if path.startswith("/") else f"/{path}"):
                return found
            raise Unspeakable
        if origin not in self.known and _inside(origin[0]):
            raise Unspeakable
        return url

    def _outside(self, path: str) -> str:
        """Return where callers find a path of the service, or nothing when they do not."""
        rest = path.removeprefix(self.base) if path.startswith(self.base) else None
        return self.prefix + rest if rest is not None and rest[:1] in {"", "/", "?", "#"} else ""


def _origin(parts: SplitResult) -> Origin:
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 80)


def _inside(host: str) -> bool:
    """Tell whether a host is one that only a network of the operator knows."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".")
        return "." not in name or name.endswith(INSIDE)
