"""PostgreSQL and Valkey: the box's own, or real servers that the environment names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import redis

from box import secrets
from box.errors import BoxError
from box.paths import Home
from box.postgres import ROLES, Postgres, create_role
from box.server import Server
from box.valkey import Valkey

OLDEST_POSTGRES = 16
OLDEST = {"valkey": (7, 2), "redis": (7, 0)}
LOGINS = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "gateway": "DATABASE_GATEWAY_URL"}
Row = tuple[object, ...]


@dataclass
class Engines:
    """Both engines of a box: servers to start, if any, and how everybody reaches them."""

    home: Home
    postgres: Postgres | None = None
    valkey: Valkey | None = None
    versions: dict[str, str] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    @property
    def embedded(self) -> list[Server]:
        return [server for server in (self.postgres, self.valkey) if server is not None]

    def connect(self) -> None:
        """Learn the URLs. Embedded servers must run by now, real ones are examined."""
        known = secrets.load(self.home)
        if self.postgres:
            self.urls |= {name: self.postgres.url(role) for role, name in LOGINS.items()}
            self.versions["PostgreSQL"] = f"{self.postgres.version} (embedded)"
        else:
            self.urls |= _real_postgres(known, self.versions)
        if self.valkey:
            self.urls |= {"VALKEY_URL": self.valkey.url(), "TRELLIS_BROKER_URL": self.valkey.broker}
            self.versions["Valkey"] = f"{self.valkey.version} (embedded)"
        else:
            self.urls["VALKEY_URL"] = _real_valkey(self.versions)

    def environment(self) -> dict[str, str]:
        """Return what a process of Trellis reads: URLs, and the secrets that are not given."""
        ours = {"TRELLIS_SPOOL_DIR": str(self.home.spool), **effective_secrets(self.home)}
        return {**ours, **{name: text(name) or value for name, value in ours.items()}, **self.urls}


def of(home: Home) -> Engines:
    """Return the engines of this home; nothing is started yet."""
    engines = Engines(home)
    if not text("DATABASE_URL"):
        engines.postgres = Postgres(home)
    if not text("VALKEY_URL"):
        engines.valkey = Valkey(home)
    return engines


def text(name: str, source: Mapping[str, str] = os.environ) -> str:
    """Return ``NAME``, or what is in the file that ``NAME_FILE`` names; "" when neither is set."""
    if path := source.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BoxError(f"{name}_FILE names {path}: {error.strerror}.") from None
    return source.get(name, "")


def effective_secrets(home: Home) -> dict[str, str]:
    """Return the secrets in use: the environment's where it gives them, else the box's own."""
    known = secrets.settings(secrets.load(home))
    return {name: text(name) or value for name, value in known.items()}


def _real_postgres(known: dict[str, str], versions: dict[str, str]) -> dict[str, str]:
    """Examine a real PostgreSQL, and find or create a login for each role."""
    app = text("DATABASE_URL")
    owner = text("DATABASE_OWNER_URL")
    urls = {"DATABASE_OWNER_URL": owner or app}
    with _session(
        urls["DATABASE_OWNER_URL"], "DATABASE_OWNER_URL" if owner else "DATABASE_URL"
    ) as c:
        versions["PostgreSQL"] = _postgres_version(c)
        if not _may_bypass(c):
            raise BoxError(
                "The owner of the database needs the attribute BYPASSRLS to migrate and back up: "
                "ALTER ROLE … BYPASSRLS, or set DATABASE_OWNER_URL to a role that has it."
            )
        urls["DATABASE_URL"] = app if owner else _login(c, app, "app", known)
        gateway = text("DATABASE_GATEWAY_URL")
        urls["DATABASE_GATEWAY_URL"] = gateway or _login(c, app, "gateway", known)
    with _session(urls["DATABASE_URL"], "DATABASE_URL") as c:
        if _may_bypass(c):
            raise BoxError(
                "The role of DATABASE_URL can bypass row-level security. Give the application a "
                "role without BYPASSRLS that owns nothing, and the owner's in DATABASE_OWNER_URL."
            )
    return urls


def _session(url: str, name: str) -> "psycopg.Connection[Row]":
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise BoxError(f"PostgreSQL at {name} cannot be used: {reason}") from None


def _postgres_version(connection: "psycopg.Connection[Row]") -> str:
    number = connection.info.server_version
    if number // 10000 < OLDEST_POSTGRES:
        raise BoxError(
            f"PostgreSQL {number // 10000} at DATABASE_URL is too old; Trellis needs "
            f"{OLDEST_POSTGRES} or newer."
        )
    return f"{number // 10000}.{number % 10000}"


def _may_bypass(connection: "psycopg.Connection[Row]") -> bool:
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def _login(
    connection: "psycopg.Connection[Row]", url: str, role: str, known: dict[str, str]
) -> str:
    """Return a URL for one of Trellis's roles on a real server, creating the role if allowed."""
    name, password = ROLES[role], known[f"postgres_{role}"]
    wanted = _as(url, name, password)
    try:
        created = create_role(connection, name, password, "LOGIN NOBYPASSRLS")
    except psycopg.errors.InsufficientPrivilege:
        raise BoxError(
            f"The owner may not create the role {name}. Create it and set {LOGINS[role]}, with the "
            "owner's URL in DATABASE_OWNER_URL."
        ) from None
    if not created:
        try:
            psycopg.connect(wanted, connect_timeout=10).close()
        except psycopg.Error:
            raise BoxError(
                f"The role {name} exists with a password that {LOGINS[role]} must tell: set "
                "DATABASE_URL, DATABASE_OWNER_URL and DATABASE_GATEWAY_URL."
            ) from None
    return wanted


def _as(url: str, user: str, password: str) -> str:
    """Return the same URL for another user."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user)}:{quote(password)}@{place}"))


def _real_valkey(versions: dict[str, str]) -> str:
    """Examine a real Valkey or Redis."""
    url = text("VALKEY_URL")
    try:
        client = redis.Redis.from_url(url, socket_timeout=10, decode_responses=True)
        seen = client.info("server")
        client.close()
    except (redis.RedisError, ValueError) as error:
        raise BoxError(f"Valkey at VALKEY_URL cannot be used: {error}") from None
    kind = "valkey" if "valkey_version" in seen else "redis"
    version = str(seen[f"{kind}_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST[kind]:
        least = ".".join(str(part) for part in OLDEST[kind])
        raise BoxError(
            f"{kind.title()} {version} at VALKEY_URL is too old; Trellis needs {least} or newer."
        )
    versions[kind.title()] = version
    return url
