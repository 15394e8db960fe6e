"""A service that answers whatever bytes a test gives it, as often as it is asked."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator

Script = Callable[[str], Iterable[bytes]]  # from the target to the pieces of an answer
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def said(body: bytes, *lines: bytes) -> bytes:
    """Return a proper answer."""
    head = [HEAD, *(line + b"\r\n" for line in lines), b"content-length: %d\r\n\r\n" % len(body)]
    return b"".join(head) + body


class Wild:
    """The service: one thread for each connection."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.connections = 0
        self.sent = 0
        self.script: Script = lambda target: [said(b"{}")]
        self.close = False  # whether it ends each connection after its answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            for target in _heads(connection):
                self.targets.append(target)
                for piece in self.script(target):
                    connection.sendall(piece)
                    self.sent += len(piece)
                if self.close:
                    return


def _heads(connection: socket.socket) -> Iterator[str]:
    """Yield the targets of requests without a body, as they come."""
    held = b""
    while piece := connection.recv(65_536):
        held += piece
        while b"\r\n\r\n" in held:
            head, _, held = held.partition(b"\r\n\r\n")
            yield head.split(b" ")[1].decode("latin-1")
