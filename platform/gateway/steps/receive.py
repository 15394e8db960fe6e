"""Refuse what could be read in two ways, before anybody else reads it."""

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from itertools import chain
from urllib.parse import unquote_to_bytes

from apps.catalog.policies import BODY_LIMIT as MOST
from apps.core.rest.errors import BodyTooLarge, MethodNotAllowed
from apps.keys.errors import CredentialInUrl
from gateway.answers import METHODS
from gateway.exchange import Exchange
from gateway.origins import allowed
from gateway.problems import HeaderRepeated, HeadersTooLarge, PathInvalid

HEADER_BYTES = 16 * 1024
HEADER_COUNT = 80  # the server itself refuses more than 100, without a word
# Empty, dot and encoded segments, backslashes, and anything encoded twice or not as text.
TRAPS = re.compile(
    rb"//|\\|%2f|%2e|%5c|%25|%[01]|%7f|%(?![0-9a-f]{2})|/\.{1,2}(?:/|$)|[^!-~]", re.IGNORECASE
)
PLAIN = re.compile(rb"(?:/[\w~:@!$&'()*+,;=-]+)+", re.ASCII)  # what nearly every path is
SECRETS = re.compile(
    rb"(?:^|&)(?:api_?key|access_token)=|_(?:live|test)_[a-z]\w{38}", re.IGNORECASE
)
TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
ONCE = {
    b"authorization",
    b"content-length",
    b"content-type",
    b"dpop",
    b"host",
    b"idempotency-key",
    b"if-match",
    b"trellis-version",
}
KNOWN_METHODS = frozenset(METHODS.decode().split(", ")) | {"OPTIONS"}


async def receive(exchange: Exchange) -> None:
    """Check path, headers and length; find out who is really at the other end."""
    headers = exchange.headers
    _path(exchange)
    if len(headers) != len(exchange.raw_headers):
        _repeated(exchange)
    size = sum(map(len, chain.from_iterable(exchange.raw_headers)))
    if size > HEADER_BYTES or len(exchange.raw_headers) > HEADER_COUNT:
        raise HeadersTooLarge(
            f"The headers have {size} bytes in {len(exchange.raw_headers)} lines; at most "
            f"{HEADER_BYTES} bytes in {HEADER_COUNT} lines are accepted."
        )
    exchange.address = client(exchange)
    exchange.traceparent = _traceparent(exchange)
    if b"origin" in headers:
        exchange.origin = allowed(exchange, exchange.method)
    _length(exchange)
    if exchange.method not in KNOWN_METHODS:
        raise MethodNotAllowed(
            f"{exchange.method[:16]} is never allowed.", headers={"Allow": METHODS.decode()}
        )


def _path(exchange: Exchange) -> None:
    path, _, query = exchange.target.partition(b"?")
    asked = query and SECRETS.search(unquote_to_bytes(query))
    if asked or SECRETS.search(exchange.path.encode()):
        raise CredentialInUrl("Send the credential as Authorization: Bearer …, and replace it.")
    if not PLAIN.fullmatch(path) and (what := _trap(path)):
        raise PathInvalid(f"The path contains {what}: write it plainly.")
    if "�" in exchange.path:
        raise PathInvalid("The path is not UTF-8.")


def _trap(path: bytes) -> str:
    """Return what can be read in two ways, or nothing."""
    if not path.startswith(b"/"):
        return "no /"
    found = TRAPS.search(path)
    return repr(found[0].decode("latin-1")) if found else ""


def _repeated(exchange: Exchange) -> None:
    seen = set()
    for name, _ in exchange.raw_headers:
        if name in seen and name in ONCE:
            raise HeaderRepeated(f"{name.decode()} stands twice.", param=name.decode())
        seen.add(name)


def _length(exchange: Exchange) -> None:
    headers = exchange.headers
    if b"transfer-encoding" in headers:
        return  # counted while it is read
    exchange.length = int(headers.get(b"content-length") or 0)
    if exchange.length > MOST:
        raise too_large(exchange.length, MOST)


def too_large(length: int, limit: int) -> BodyTooLarge:
    """Return the refusal of a body of at least ``length`` bytes where ``limit`` are accepted."""
    return BodyTooLarge(f"The body has {length} bytes or more; {limit} are accepted.")


def client(exchange: Exchange) -> str:
    """Return the caller's address: as many hops back as there are trusted proxies."""
    count = exchange.runtime.settings.trusted_proxies
    hops = [exchange.address]
    if count:
        told = [v for name, v in exchange.raw_headers if name == b"x-forwarded-for"]
        hops = [hop.strip() for hop in b",".join(told).decode("latin-1").split(",")] + hops
    return plain(hops[-1 - count] if len(hops) > count else hops[0]) or exchange.address


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return an address as it is written most shortly, IPv4 without IPv6 clothes; "" for others."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def _traceparent(exchange: Exchange) -> bytes:
    """Return the caller's trace context (W3C), or one that begins here."""
    told = exchange.headers.get(b"traceparent")
    if told and TRACEPARENT.fullmatch(told):
        return bytes(told)
    own = exchange.id.hex
    return f"00-{own}-{own[16:]}-00".encode()
