"""Identifiers that say what they name: ``key_`` + a UUIDv7 in base62.

UUIDv7 (RFC 9562, section 5.7) begins with the time in milliseconds, so identifiers sort by age
and stay close together in an index. Base62 keeps them free of punctuation: a double click selects
one.
"""

import os
import re
import time
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = 22  # enough for 128 bits
SHAPE = re.compile(r"([a-z]{2,4})_([0-9A-Za-z]{22})")

_VALUE = {digit: value for value, digit in enumerate(ALPHABET)}
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]


def uuid7(milliseconds: int | None = None) -> UUID:
    """Return a fresh UUIDv7; ``milliseconds`` since 1970 stand in for now."""
    at = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    random = int.from_bytes(os.urandom(10), "big")
    high = (at & 0xFFFF_FFFF_FFFF) << 80
    return UUID(int=high | 7 << 76 | (random >> 68) << 64 | 2 << 62 | random & (1 << 62) - 1)


def encode(prefix: str, value: UUID) -> str:
    """Return ``value`` as text with its ``prefix``, always 22 digits long."""
    number, pairs = value.int, []
    for _ in range(DIGITS // 2):
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    return f"{prefix}_{''.join(reversed(pairs))}"


def decode(text: str) -> tuple[str, UUID]:
    """Return prefix and UUID of ``text``; ValueError when it is not an identifier."""
    if not (match := SHAPE.fullmatch(text)):
        raise ValueError(f"{text!r} is not an identifier.")
    number = 0
    for digit in match[2]:
        number = number * 62 + _VALUE[digit]
    if number >> 128:
        raise ValueError(f"{text!r} is not an identifier.")
    return match[1], UUID(int=number)


def new(prefix: str) -> str:
    """Return a fresh identifier such as ``key_01K2…``."""
    return encode(prefix, uuid7())
