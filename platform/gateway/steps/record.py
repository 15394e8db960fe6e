"""Write down what happened, before the caller has the last byte of the answer."""

import re
import time
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network

from apps.usage import record as records
from gateway.exchange import Exchange

NOBODY = records.owner()
# A key or token where none belongs; what is written down shows how it begins, and no more.
SECRET = re.compile(
    r"((?:_|%5f)(?:live|test)(?:_|%5f)[a-z]|\beyJ)(?:\w{38}|[\w-]{10,}\.[\w-]+\.[\w-]+)",
    re.IGNORECASE,
)


def record(exchange: Exchange, *, bytes_out: int) -> None:
    """Append the request's usage record to the spool, and tell whoever listens."""
    runtime = exchange.runtime
    if exchange.verdict is not None and exchange.verdict.held:
        runtime.limiter.release(exchange.verdict)  # before the caller can send the next
    latency = (time.perf_counter_ns() - exchange.began) // 1000
    credential, operation = exchange.credential, exchange.operation
    runtime.spool.write(
        records.pack(
            id=exchange.id,
            at=exchange.wall,
            owner=credential.owner if credential else NOBODY,
            api=exchange.api,
            operation=operation.name if operation else "",
            method=exchange.method[:16],
            path=masked(exchange.raw_path.partition(b"?")[0].decode("latin-1")),
            status=exchange.status,
            code=exchange.code,
            latency_us=latency,
            backend_us=exchange.backend_us,
            bytes_in=exchange.bytes_in,
            bytes_out=bytes_out,
            units=exchange.units,
            ip=network(exchange.address),
            user_agent=masked(exchange.headers.get(b"user-agent", b"").decode("latin-1")),
            trace=b"[" + b",".join(exchange.trace) + b"]",
        )
    )
    if credential and runtime.live.wanted(credential.application):
        runtime.live.tell(exchange, latency)


@lru_cache(maxsize=4096)
def masked(text: str) -> str:
    """Return a text without the secrets that someone put into it."""
    return SECRET.sub(r"\1***", text)


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return the network of an address: enough to tell places apart, too little for a person."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    size = 24 if isinstance(found, IPv4Address) else 48
    return str(ip_network(f"{found}/{size}", strict=False))
