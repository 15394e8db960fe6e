"""When credentials were last used: gateways note it in Valkey, PostgreSQL learns it each minute."""

from typing import Any
from uuid import UUID

import redis
from django.db import connection

from apps.core import ids, valkey
from apps.keys.models import Key
from apps.keys.use import NOTED, TAKEN, read
from apps.oauth import use as oauth

Use = tuple[UUID, float, str]


def flush() -> int:
    """Move what was noted into the rows, a few UPDATEs for all; return how many keys and tokens.

    The hash is renamed first: what is noted meanwhile waits for the next time, and what a dead
    worker had taken goes first.
    """
    client: Any = valkey.client()
    if not client.exists(TAKEN):
        try:
            client.rename(NOTED, TAKEN)
        except redis.ResponseError:  # There is nothing to take.
            return 0
    keys, tokens = list[Use](), list[Use]()
    for name, value in client.hgetall(TAKEN).items():
        prefix, credential = _identifier(name.decode())
        if credential:
            (tokens if prefix == "tok" else keys).append((credential, *read(value)))
    moved = _update(keys) + oauth.learn([(token, at) for token, at, _ in tokens])
    client.delete(TAKEN)
    return moved


def _identifier(text: str) -> tuple[str, UUID | None]:
    try:
        return ids.decode(text)
    except ValueError:
        return "", None


def _update(noted: list[Use]) -> int:
    table = Key._meta.db_table  # noqa: SLF001 - Django's documented way to a table's name
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET last_used_from = CASE "  # noqa: S608 - own name
            "WHEN last_used_at > to_timestamp(noted.at) THEN last_used_from "
            "ELSE left(noted.network, 43) END, "
            "last_used_at = greatest(last_used_at, to_timestamp(noted.at)) "
            "FROM unnest(%s::uuid[], %s::float8[], %s::text[]) AS noted (key, at, network) "
            "WHERE id = noted.key",
            [list(column) for column in zip(*noted, strict=True)] or [[], [], []],
        )
        return int(cursor.rowcount)
