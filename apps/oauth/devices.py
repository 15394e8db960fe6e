"""Signing in on a device that has no browser (RFC 8628).

A device code is bound to its client, good once and for ten minutes. The code that people type is
short, so it is stored as a keyed digest and guesses are counted.
"""

import hashlib
import hmac
import re
import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError, InvalidGrantError
from oauthlib.oauth2.rfc8628.errors import (
    AuthorizationPendingError,
    ExpiredTokenError,
    SlowDownError,
)

from apps.accounts.models import User
from apps.core import clock, secrets
from apps.core.errors import Missing
from apps.core.throttle import network
from apps.oauth import attempts, families, lifetimes, standing
from apps.oauth.models import Client, DeviceGrant
from apps.tenants.models import Tenant

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; nothing that looks like a digit
DIGITS: Final = 8
GUESSES: Final = 5  # a minute, for each person and each address


@dataclass(frozen=True, slots=True)
class Begun:
    """What the device shows and what it polls with."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int


def begin(client: Client, *, scopes: Sequence[str], resource: Sequence[str] = ()) -> Begun:
    """Return fresh codes for a device, whose tokens will be for ``resource``."""
    device_code = secrets.mint(
        "live" if client.livemode else "test", kind="d", prefix=settings.BRAND["key_prefix"]
    )
    user_code = "".join(random.choice(ALPHABET) for _ in range(DIGITS))
    DeviceGrant.objects.create(
        client_id=client.client_id,
        device_code=_digest(device_code),
        user_code=_keyed(user_code)[0],
        scope=" ".join(scopes),
        resource=list(resource),
        interval=lifetimes.DEVICE_INTERVAL,
        expires=clock.real() + lifetimes.DEVICE_CODE,
        family=uuid4(),
    )
    return Begun(
        device_code=device_code,
        user_code=f"{user_code[:4]}-{user_code[4:]}",
        expires_in=int(lifetimes.DEVICE_CODE.total_seconds()),
        interval=lifetimes.DEVICE_INTERVAL,
    )


def find(user_code: str, *, user: User, address: str) -> DeviceGrant:
    """Return the device that waits under what a person typed; Missing, and counted, otherwise.

    Raises ``TooManyAttemptsError`` for who guesses.
    """
    guessers = (user.pk, network(address))
    for about in guessers:
        attempts.admit("user code", about, at_most=GUESSES)
    typed = re.sub(r"[\s-]", "", user_code).upper()
    found = (
        DeviceGrant.objects.filter(
            user_code__in=_keyed(typed), status=DeviceGrant.AUTHORIZATION_PENDING
        )
        .filter(expires__gt=clock.real())
        .first()
    )
    if found is None:
        for about in guessers:
            attempts.failed("user code", about)
        raise Missing("No device waits under this code. Codes are good for ten minutes.")
    return found


@transaction.atomic
def allow(
    grant: DeviceGrant,
    *,
    tenant: Tenant,
    scopes: Sequence[str],
    auth_time: datetime,
    sid: str,
    actor: User,
    answered_by: User | None = None,
) -> None:
    """Let the device act for ``actor`` in ``tenant``, within ``scopes``.

    ``answered_by`` is the developer who answered where ``actor`` is a test end user.
    """
    waiting = _waiting(grant)
    waiting.user, waiting.tenant, waiting.scope = actor, tenant, " ".join(scopes)
    waiting.auth_time, waiting.sid, waiting.answered_by = auth_time, sid, answered_by
    waiting.status = DeviceGrant.AUTHORIZED
    waiting.save()


@transaction.atomic
def deny(grant: DeviceGrant, *, actor: User) -> None:
    """Turn the device away."""
    waiting = _waiting(grant)
    waiting.user, waiting.status = actor, DeviceGrant.DENIED
    waiting.save()


def redeem(device_code: str, client: Client, *, now: datetime) -> DeviceGrant:
    """Return the grant that ``device_code`` stands for, held; raise what the device must do."""
    found = DeviceGrant.objects.filter(device_code=_digest(device_code)).first()
    if found is None or found.client_id != client.client_id:
        raise InvalidGrantError("There is no such device code for this client.")
    families.lock(found.family)
    grant = DeviceGrant.objects.select_related("user", "tenant", "answered_by").get(pk=found.pk)
    if grant.redeemed_at is not None:
        if grant.status == DeviceGrant.AUTHORIZED:
            families.end(grant.family, reason="device_code_replayed", actor=None)
        raise InvalidGrantError("The device code was used before.")
    if grant.expires <= now:
        raise ExpiredTokenError("The device code has expired. Begin again.")
    _wait(grant, now)
    if grant.status == DeviceGrant.DENIED:
        raise AccessDeniedError("The end user turned the device away.")
    if grant.status != DeviceGrant.AUTHORIZED:
        raise AuthorizationPendingError("The end user has not decided yet.")
    standing.check_person(grant)
    return grant


def spend(grant: DeviceGrant, *, now: datetime) -> None:
    """Let the code be good no more."""
    DeviceGrant.objects.filter(pk=grant.pk).update(redeemed_at=now)


def _wait(grant: DeviceGrant, now: datetime) -> None:
    """Note this poll; one that comes too soon makes all after it slower."""
    early = grant.polled_at and now < grant.polled_at + timedelta(seconds=grant.interval)
    if early:
        grant.interval += lifetimes.DEVICE_INTERVAL
    DeviceGrant.objects.filter(pk=grant.pk).update(polled_at=now, interval=grant.interval)
    if early:
        raise SlowDownError(f"Poll every {grant.interval} seconds, not more often.")


def _waiting(grant: DeviceGrant) -> DeviceGrant:
    families.lock(grant.family)
    waiting = DeviceGrant.objects.get(pk=grant.pk)
    if waiting.status != DeviceGrant.AUTHORIZATION_PENDING or waiting.redeemed_at:
        raise Missing("This device was allowed or turned away before.")
    if waiting.expires <= clock.real():
        raise Missing("The code has expired. Begin again on the device.")
    return waiting


def _digest(device_code: str) -> str:
    return hashlib.sha256(device_code.encode()).hexdigest()


def _keyed(user_code: str) -> list[str]:
    """Return the digests under each live pepper, the current one first: 34 bits need a key."""
    return [
        hmac.digest(pepper, f"user code {user_code}".encode(), "sha256").hex()
        for _, pepper in settings.KEY_PEPPERS
    ]
