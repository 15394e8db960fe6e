"""One usage record: what the gateway writes for every request, refused ones too.

A record is exactly one tuple of PostgreSQL's binary COPY format for the table ``usage_request``: a
count of columns, then each column as length and bytes. The gateway packs it once; the worker puts a
header and a trailer around a batch and hands it to COPY without looking inside. Pure: both ends
share this module.
"""

import struct
from functools import lru_cache
from uuid import UUID

TABLE = "usage_request"
# (column, PostgreSQL type), in the order of the tuple. Durations are microseconds, ``path`` comes
# without its query, ``ip`` is the caller's network (/24 or /48), ``trace`` the gateway's decisions:
# a list of [name, outcome] or [name, outcome, {values}].
COLUMNS = (
    ("id", "uuid"),
    ("at", "timestamptz"),
    ("organization_id", "uuid"),
    ("application_id", "uuid"),
    ("tenant_id", "uuid"),
    ("key_id", "uuid"),
    ("livemode", "bool"),
    ("api", "text"),
    ("operation", "text"),
    ("method", "text"),
    ("path", "text"),
    ("status", "int2"),
    ("code", "text"),
    ("latency_us", "int4"),
    ("backend_us", "int4"),
    ("bytes_in", "int4"),
    ("bytes_out", "int4"),
    ("units", "int4"),
    ("ip", "text"),
    ("user_agent", "text"),
    ("trace", "jsonb"),
)
HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
PATH_LIMIT = 512
AGENT_LIMIT = 200

_COUNT = struct.pack("!h", len(COLUMNS))
_NULL = struct.pack("!i", -1)
_EPOCH = 946_684_800_000_000  # PostgreSQL counts microseconds from 2000-01-01.
_INT4 = 2**31 - 1
_length = struct.Struct("!i").pack
_moment = struct.Struct("!iq").pack
_small = struct.Struct("!ih").pack
# latency_us to units: five times a length and a value.
_numbers = struct.Struct("!iiiiiiiiii").pack


def text(value: str) -> bytes:
    """Return one text column; PostgreSQL refuses NUL, so it is left out."""
    raw = value.encode("utf-8", "replace").replace(b"\x00", b"")
    return _length(len(raw)) + raw


# What most records say: few operations, places and programs call again and again.
known = lru_cache(maxsize=4096)(text)


def uuid(value: UUID | None) -> bytes:
    """Return one uuid column."""
    return _NULL if value is None else b"\x00\x00\x00\x10" + value.bytes


def owner(
    *,
    organization: UUID | None = None,
    application: UUID | None = None,
    tenant: UUID | None = None,
    key: UUID | None = None,
    livemode: bool | None = None,
) -> bytes:
    """Return the columns that say whose request it was; the same for every use of a credential."""
    mode = _NULL if livemode is None else b"\x00\x00\x00\x01" + (b"\x01" if livemode else b"\x00")
    return uuid(organization) + uuid(application) + uuid(tenant) + uuid(key) + mode


def pack(
    *,
    id: UUID,  # noqa: A002 - named as the column
    at: int,
    owner: bytes,
    api: str,
    operation: str,
    method: str,
    path: str,
    status: int,
    code: str,
    latency_us: int,
    backend_us: int,
    bytes_in: int,
    bytes_out: int,
    units: int,
    ip: str,
    user_agent: str,
    trace: bytes,
) -> bytes:
    """Return one record. ``at`` is microseconds since 1970, ``owner`` what ``owner()`` returned."""
    return b"".join(
        (
            _COUNT,
            uuid(id),
            _moment(8, at - _EPOCH),
            owner,
            known(api) + known(operation) + known(method),
            text(path[:PATH_LIMIT]),
            _small(2, status),
            known(code),
            _measured(latency_us, backend_us, bytes_in, bytes_out, units),
            known(ip),
            known(user_agent[:AGENT_LIMIT]),
            _length(len(trace) + 1),
            b"\x01",
            trace,
        )
    )


def _measured(*values: int) -> bytes:
    first, second, third, fourth, fifth = values
    try:
        return _numbers(4, first, 4, second, 4, third, 4, fourth, 4, fifth)
    except struct.error:  # The column holds no more.
        return _measured(*(min(value, _INT4) for value in values))


def whole(data: bytes) -> tuple[int, int]:
    """Return how many whole records ``data`` begins with, and how many bytes they take.

    A process that was killed may leave its last record torn: the rest is cut off.
    """
    count = end = 0
    size = len(data)
    while data[end : end + 2] == _COUNT:
        at = end + 2
        for _ in COLUMNS:
            if at + 4 > size:
                return count, end
            length = int.from_bytes(data[at : at + 4], "big", signed=True)
            at += 4 + max(length, 0)
        if at > size:
            return count, end
        count, end = count + 1, at
    return count, end
