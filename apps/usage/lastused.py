"""When keys were last used: the gateways note it in Valkey, PostgreSQL learns it every minute."""

from typing import Any
from uuid import UUID

import redis
from django.db import connection

from apps.core import ids, valkey
from apps.keys.models import Key
from apps.keys.use import NOTED, TAKEN, read


def flush() -> int:
    """Move what was noted into the keys with one UPDATE; return how many keys moved.

    The hash is renamed first: what is noted meanwhile waits for the next time, and what a dead
    worker had taken goes first.
    """
    client: Any = valkey.client()
    if not client.exists(TAKEN):
        try:
            client.rename(NOTED, TAKEN)
        except redis.ResponseError:  # There is nothing to take.
            return 0
    noted = [
        (used, *read(value))
        for key, value in client.hgetall(TAKEN).items()
        if (used := _identifier(key.decode()))
    ]
    moved = _update(noted)
    client.delete(TAKEN)
    return moved


def _identifier(text: str) -> UUID | None:
    try:
        return ids.decode(text)[1]
    except ValueError:
        return None


def _update(noted: list[tuple[UUID, float, str]]) -> int:
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
