"""One request on its way through the gateway, and the answer it will get."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from apps.core import ids

if TYPE_CHECKING:
    from gateway.credential import Credential
    from gateway.reply import Reply
    from gateway.routes import Operation
    from gateway.runtime import Runtime
    from gateway.verdict import Verdict

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

Step = Callable[["Exchange"], Awaitable[None]]  # fills in its part, or raises a Problem

PASSED, FAILED = "passed", "failed"


class Exchange:
    """What the steps learn about a request. Each step fills in its part and reads earlier ones."""

    __slots__ = (
        "address",
        "answer_headers",
        "api",
        "asked",
        "backend_us",
        "began",
        "body",
        "bytes_in",
        "claim",
        "code",
        "credential",
        "headers",
        "id",
        "length",
        "method",
        "nonce",
        "operation",
        "origin",
        "path",
        "raw_headers",
        "raw_path",
        "receive",
        "reply",
        "request_id",
        "runtime",
        "scheme",
        "send",
        "settled",
        "status",
        "taken",
        "target",
        "trace",
        "traceparent",
        "units",
        "verdict",
        "wall",
    )

    def __init__(self, scope: Any, receive: Receive, send: Send, runtime: "Runtime") -> None:
        self.began = time.perf_counter_ns()
        self.wall = time.time_ns() // 1000
        self.runtime = runtime
        self.receive = receive
        self.send = send
        self.id: UUID = ids.uuid7(self.wall // 1000)
        self.request_id = ids.encode("req", self.id)
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope["raw_path"] or b"/"
        query: bytes = scope["query_string"]
        self.asked = self.raw_path + b"?" + query if query else self.raw_path
        self.target = self.asked  # what the service is asked; rules may change it
        self.raw_headers: Headers = scope["headers"]
        self.headers = dict(self.raw_headers)
        self.address = scope["client"][0] if scope["client"] else ""
        self.origin = b""  # whose page asks, if it may read the answer
        self.scheme = b""  # of Authorization, in lower case
        self.nonce = ""  # for the caller's next proof, when it needs another one
        self.traceparent = b""
        self.length: int | None = None  # of the body; None when it comes in chunks
        self.body = b""  # once it was taken
        self.taken = False
        self.bytes_in = 0
        self.trace: list[bytes] = []
        self.credential: Credential | None = None
        self.operation: Operation | None = None
        self.api = ""
        self.verdict: Verdict | None = None
        self.units = 0
        self.backend_us = 0
        self.status = 0
        self.code = ""
        self.reply: Reply | None = None
        self.claim: int | None = None  # of an idempotency key
        self.settled = False  # whether the answer needs no further step
        self.answer_headers: Headers = []

    @property
    def reading(self) -> bool:
        """Tell whether the request changes nothing."""
        return self.method in {"GET", "HEAD"}


def rung(name: str, outcome: str = PASSED, **values: Any) -> bytes:
    """Return one decision of the trace as JSON: its name, how it ended, with which values."""
    return orjson.dumps([name, outcome, values] if values else [name, outcome], default=str)
