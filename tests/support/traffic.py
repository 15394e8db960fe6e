"""Requests as the gateway ships them."""

from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from apps.core import clock, ids, valkey
from apps.keys.models import Key
from apps.usage import ingest, record

number = count(1)


def one(key: Key | None = None, *, at: datetime | None = None, **fields: Any) -> tuple[str, bytes]:
    """Return a request's id and its record; without a key nobody is known."""
    moment = at or clock.real()
    made = fields.pop("id", None) or ids.uuid7(int(moment.timestamp() * 1000))
    owner = record.owner()
    if key:
        owner = record.owner(
            organization=uuid(key.application.organization_id),
            application=uuid(key.application_id),
            tenant=uuid(key.tenant_id),
            key=uuid(key.pk),
            livemode=key.tenant.livemode,
        )
    fields = {
        "api": "commerce",
        "operation": "orders_list",
        "method": "GET",
        "path": "/commerce/v1/orders",
        "status": 200,
        "code": "",
        "latency_us": 5_000,
        "backend_us": 4_000,
        "bytes_in": 100,
        "bytes_out": 900,
        "units": 1,
        "ip": "203.0.113.0/24",
        "user_agent": "curl/8.5.0",
        "trace": b'[["key", "ok"]]',
        **fields,
    }
    packed = record.pack(id=made, at=int(moment.timestamp() * 1_000_000), owner=owner, **fields)
    return ids.encode("req", made), packed


def ship(*records: bytes, src: str = "gateway-1", seq: int | None = None, **fields: Any) -> bytes:
    """Put records on the stream as one batch; return the entry's id."""
    entry = {
        "src": src,
        "seq": next(number) if seq is None else seq,
        "n": len(records),
        "b": b"".join(records),
        **fields,
    }
    client: Any = valkey.client()
    return bytes(client.xadd(ingest.STREAM, entry))


def serve(key: Key | None = None, **fields: Any) -> str:
    """Let one request happen, all the way into PostgreSQL; return its id."""
    made, packed = one(key, **fields)
    ship(packed)
    ingest.once(wait=None)
    return made


def uuid(text: str) -> UUID:
    """Return the UUID of a prefixed identifier."""
    return ids.decode(text)[1]
