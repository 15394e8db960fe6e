"""What can happen to an idempotency key."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection, transaction

from apps.core import clock
from apps.core.caller import Caller
from apps.core.errors import ScopeMissing
from apps.idempotency import sameness
from apps.idempotency.errors import IdempotencyInProgress, IdempotencyMismatch
from apps.idempotency.models import LIFE, KeptAnswer

BATCH = 5_000


def claim(key: str, *, same: bytes, actor: Caller) -> KeptAnswer | None:
    """Reserve ``key`` until the transaction ends; return the answer it already has, if any.

    Nobody waits: a twin that is being answered at this moment is a problem for the second one. The
    lock is an advisory one because a row that is not committed cannot be seen, and inserting the
    same key again would wait for it.
    """
    sameness.check(key)
    if not _locked(f"{actor.tenant}:{actor.application}:{key}"):
        raise IdempotencyInProgress(
            "Its twin has not finished. Send the request again to get its answer.",
            headers={"Retry-After": "1"},
        )
    kept = KeptAnswer.objects.filter(
        tenant=actor.tenant, application=actor.application, key=key
    ).first()
    if kept is None:
        return None
    if kept.created_at <= clock.real() - LIFE:
        kept.delete()
        return None
    if bytes(kept.fingerprint) != same:
        raise IdempotencyMismatch(
            f"Under {key[:80]!r} another request was answered at {kept.created_at:%Y-%m-%d %H:%M} "
            "UTC. Use a new key for a request with other parameters.",
            param="Idempotency-Key",
        )
    if missing := sorted(set(kept.scopes) - actor.scopes):
        raise ScopeMissing(f"The kept answer has members that need {missing[0]}.", scope=missing[0])
    return kept


@transaction.atomic
def keep(
    key: str,
    *,
    same: bytes,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    scopes: Collection[str],
    actor: Caller,
) -> KeptAnswer:
    """Keep an answer for 24 hours, in the transaction of what the request did."""
    return KeptAnswer.objects.create(
        tenant_id=actor.tenant,
        application=actor.application,
        key=key,
        fingerprint=same,
        scopes=sorted(scopes),
        status=status,
        headers=dict(headers),
        body=body,
    )


def sweep() -> int:
    """Forget answers whose time is over, of every tenant: a batch of each kind.

    Return the size of the larger batch.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT idempotency_forget(%s, %s)", [_oldest(), BATCH])
        ours = int(cursor.fetchone()[0])
        cursor.execute("SELECT idempotency_forget_forwarded(%s, %s)", [_oldest(), BATCH])
        return max(ours, int(cursor.fetchone()[0]))


def _oldest() -> datetime:
    return clock.real() - LIFE


def _locked(name: str) -> bool:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
