"""When tokens were last used, and with them their clients and what end users agreed to."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from apps.oauth.models import AccessToken, Client, Consent

NOTED = "unnest(%s::uuid[], %s::float8[]) AS noted (name, at)"


def learn(noted: Sequence[tuple[UUID, float]]) -> int:
    """Write down, for each token's name, when it was used last; return how many tokens it was.

    Three statements for all of them: an end user sees when a connected application last called.
    """
    if not noted:
        return 0
    names, times = (list(column) for column in zip(*noted, strict=True))
    token, client, consent = (
        model._meta.db_table  # noqa: SLF001 - Django's documented way to a table's name
        for model in (AccessToken, Client, Consent)
    )
    latest = "greatest(used.last_used_at, to_timestamp(noted.at))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {token} used SET last_used_at = {latest} "  # noqa: S608 - our own names
            f"FROM {NOTED} WHERE used.public_id = noted.name",
            [names, times],
        )
        moved = int(cursor.rowcount)
        cursor.execute(
            f"UPDATE {client} used SET last_used_at = {latest} FROM "  # noqa: S608 - as above
            f"(SELECT application_id, max(at) AS at FROM {NOTED} "
            f"JOIN {token} ON public_id = noted.name GROUP BY application_id) noted "
            "WHERE used.id = noted.application_id",
            [names, times],
        )
        cursor.execute(
            f"UPDATE {consent} used SET last_used_at = {latest} FROM "  # noqa: S608 - as above
            f"(SELECT user_id, application_id, tenant_id, max(at) AS at FROM {NOTED} "
            f"JOIN {token} ON public_id = noted.name GROUP BY 1, 2, 3) noted "
            "WHERE used.user_id = noted.user_id AND used.client_id = noted.application_id "
            "AND used.tenant_id = noted.tenant_id AND used.revoked_at IS NULL",
            [names, times],
        )
    return moved
