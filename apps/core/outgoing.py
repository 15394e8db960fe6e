"""Calling an address that somebody chose, without becoming their way into our network.

The name is resolved once, every address it has must be public, and the connection goes to one of
those and nowhere else: no proxy, no second look-up; where a redirect leads is looked at in the same
way. Where the portal itself runs on loopback (the box), loopback is public enough.
"""

import http.client
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from threading import Event, Timer
from typing import Final, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

from django.conf import settings

TIMEOUT: Final = 3.0  # seconds to connect, and for each piece of the answer
DEADLINE: Final = 8.0  # seconds for all of it, however slowly it drips
LONG: Final = 30.0  # the same for a document, which may be large
TRIED: Final = 3  # of the addresses that a name has: each may take its time to be silent
REDIRECTS: Final = 3
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-store"}
AGENT: Final = {"User-Agent": "Trellis", "Accept-Encoding": "identity"}
Answer = http.client.HTTPResponse
T = TypeVar("T")


class Unreachable(Exception):  # noqa: N818 - named after what it says
    """The address may not be called, or did not answer."""


def fault(url: str) -> str:
    """Return what is wrong with calling ``url``, in a sentence; nothing when it may be tried."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "This is not an address."
    if not url.isascii() or not url.isprintable() or " " in url or not parts.hostname:
        return "This is not an address."
    if parts.fragment or "@" in parts.netloc:
        return "The address holds a fragment or a user name."
    if parts.scheme != "https" and not (parts.scheme == "http" and _in_the_box(parts.hostname)):
        return "The address must begin with https."
    return ""


def post(url: str, fields: dict[str, str]) -> int:
    """Post a form and return the status of the answer; Unreachable when there was none."""
    # Nothing in the body is of interest.
    return _exchange("POST", url, lambda answer: answer.status, body=urlencode(fields), more=FORM)


def get(url: str, *, limit: int) -> bytes:
    """Return what lies at ``url``; Unreachable when it is nothing, or more than ``limit`` bytes."""
    for _ in range(REDIRECTS + 1):
        found = _exchange("GET", url, lambda answer: _read(answer, limit), seconds=LONG, more=AGENT)
        if isinstance(found, bytes):
            return found
        url = urljoin(url, found)
    raise Unreachable(f"It leads elsewhere more than {REDIRECTS} times.")


def _read(answer: Answer, limit: int) -> bytes | str:
    """Return the body, or the address where it is instead."""
    if answer.status in {301, 302, 303, 307, 308} and (elsewhere := answer.getheader("location")):
        return elsewhere
    if answer.status != http.client.OK:
        raise Unreachable(f"It answered {answer.status}.")
    body = answer.read(limit + 1)
    if len(body) > limit:
        raise Unreachable(f"It holds more than {limit:,} bytes.")
    return body


def _exchange(
    method: str,
    url: str,
    read: Callable[[Answer], T],
    *,
    more: dict[str, str],
    body: str | None = None,
    seconds: float | None = None,
) -> T:
    """Send one request and return what ``read`` makes of the answer."""
    if why := fault(url):
        raise Unreachable(why)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    host, port = str(parts.hostname), parts.port or (443 if secure else 80)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    cut = Event()
    deadline = Timer(seconds or DEADLINE, _cut, [connection, cut])
    deadline.daemon = True
    try:
        connection.sock = _connect(host, port)
        deadline.start()
        if secure:
            connection.sock = _secured(connection.sock, host)
            connection.sock.do_handshake()
        connection.request(method, path or "/", body, {"Connection": "close", **more})
        with connection.getresponse() as answer:
            found = read(answer)
            if cut.is_set():
                raise TimeoutError("The answer took too long.")
            return found
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    finally:
        deadline.cancel()
        connection.close()


def _connect(host: str, port: int) -> socket.socket:
    found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(_public(address) for address in found):
        raise Unreachable("The name leads into a private network.")
    *first, last = list(dict.fromkeys(found))[:TRIED]
    for address in first:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=TIMEOUT)
    return socket.create_connection((last, port), timeout=TIMEOUT)


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


def _cut(connection: http.client.HTTPConnection, cut: Event) -> None:
    cut.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _public(address: str) -> bool:
    """Tell whether an address is of the public internet; those that hide an IPv4 are not."""
    parsed = ip_address(address.partition("%")[0])
    if parsed.is_loopback:
        return _box()
    hides = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    translated = parsed.version == 6 and parsed.packed[:4] == bytes.fromhex("0064ff9b")  # noqa: PLR2004 - RFC 6052
    teredo = getattr(parsed, "teredo", None)
    return parsed.is_global and not parsed.is_multicast and not (hides or translated or teredo)


def _box() -> bool:
    return _names_loopback(urlsplit(settings.PORTAL_URL).hostname or "")


def _in_the_box(host: str) -> bool:
    return _box() and _names_loopback(host)


def _names_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
