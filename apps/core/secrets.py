"""The text of a credential. Pure: the gateway reads keys and tokens through this module.

``trl_test_k`` + 32 random base62 characters (190 bits) + 6 that are a CRC32 of all before them.
A mistyped or cut one is told apart without asking anyone, and scanners can recognise a leaked one.
The letter after the environment is the kind: ``k`` secret key, ``r`` restricted key, ``p``
publishable key, ``a`` access token, ``f`` refresh token, ``d`` device code, ``c`` client secret,
``g`` registration access token, ``i`` initial access token.
"""

import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Literal, cast

from apps.core import macs
from apps.core.ids import ALPHABET

Environment = Literal["live", "test"]
Kind = Literal["k", "r", "p", "a", "f", "d", "c", "g", "i"]

KEYS = "krp"  # what an API key may be

RANDOM = 32
CHECK = 6


class Malformed(ValueError):  # noqa: N818 - as in plans.limits: named after what it says
    """The text does not have the shape of a credential."""


class BadChecksum(ValueError):  # noqa: N818 - as Malformed
    """The text has the shape of a credential, and a character of it is wrong."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a credential's text says by itself."""

    environment: Environment
    kind: Kind


def mint(environment: Environment, *, kind: Kind = "k", prefix: str = "trl") -> str:
    """Return a fresh secret."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    body = f"{prefix}_{environment}_{kind}{random}"
    return body + checksum(body)


def checksum(body: str) -> str:
    """Return the CRC32 of ``body`` as six base62 digits."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def pattern(prefix: str, kinds: str = KEYS) -> re.Pattern[str]:
    """Return what credentials of these kinds match; also a rule for secret scanners."""
    body = f"[0-9A-Za-z]{{{RANDOM + CHECK}}}"
    return re.compile(rf"{re.escape(prefix)}_(live|test)_([{kinds}]){body}")


def read(secret: str, shape: re.Pattern[str]) -> Shape:
    """Return what ``secret`` says of itself; Malformed or BadChecksum when it is no key."""
    if not (match := shape.fullmatch(secret)):
        raise Malformed
    if checksum(secret[:-CHECK]) != secret[-CHECK:]:
        raise BadChecksum
    return Shape(cast("Environment", match[1]), cast("Kind", match[2]))


def digest(secret: str, pepper: bytes) -> bytes:
    """Return what is stored: HMAC-SHA256 under a pepper that PostgreSQL never sees.

    No slow hash: at 190 bits guessing is hopeless, and argon2 would cost 134 ms a request.
    """
    return macs.digest(pepper, secret.encode())
