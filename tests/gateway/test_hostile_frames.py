"""What may come over a WebSocket that breaks the rules: it ends, and nothing else does."""

import pytest

from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.test_sockets import Join, Talk, join, talk, talking

__all__ = ["join", "talk", "talking"]

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def frame(kind: int, data: bytes, *, length: int | None = None, last: bool = True) -> bytes:
    """Return a frame with a mask that changes nothing, as long as it says or not."""
    size = len(data) if length is None else length
    head = bytes([last << 7 | kind])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65_536:
        head += bytes([0xFE]) + size.to_bytes(2, "big")
    else:
        head += bytes([0xFF]) + size.to_bytes(8, "big")
    return head + bytes(4) + data


FRAMES = {
    "a length beyond all memory": frame(BINARY, b"x", length=2**62),
    "a length that is negative": frame(BINARY, b"x", length=2**63 + 5),
    "no mask": b"\x81\x01a",
    "a ping in pieces": frame(PING, b"a", last=False),
    "a ping that is too long": frame(PING, b"a" * 200),
    "half a code": frame(CLOSE, b"\x03"),
    "no code": frame(CLOSE, b""),
    "a code that is none": frame(CLOSE, b"\x00\x01"),
    "a code that is never sent": frame(CLOSE, (1005).to_bytes(2, "big")),
    "the last code": frame(CLOSE, (65_535).to_bytes(2, "big")),
    "a reason that is no text": frame(CLOSE, b"\x03\xe8\xff\xff"),
    "text that is none": frame(TEXT, b"\xff\xff"),
    "a kind that is none": frame(3, b"a"),
    "the rest of nothing": frame(0, b"a"),
    "reserved bits": b"\xf1\x80\0\0\0\0",
    "pieces of more than may be": frame(TEXT, b"a", last=False)
    + frame(0, b"a" * 600, last=False) * 2
    + frame(0, b"a"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_breaks_the_rules(
    join: Join, gateway: Gateway, key: Issued, talk: Talk, name: str
) -> None:
    lines = ["GET /talk/v1/room/7 HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    lines += [f"Authorization: Bearer {key.secret}", "", ""]
    answer = raw(gateway.port, "\r\n".join(lines).encode() + FRAMES[name], wait=1)
    assert answer.startswith(b"HTTP/1.1 101 ")
    with join(key) as another:
        another.send("still here")
        assert another.recv(5) == "still here"
    assert gateway.client.get("/shop/v1/echo", headers=bearer(key)).status_code == 200
    assert "panicked" not in gateway.log.read_text()
