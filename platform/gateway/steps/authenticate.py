"""Find out which API key or access token calls, and whether it is good at all."""

import time

from apps.core.errors import Problem
from apps.keys.errors import (
    CredentialMissing,
    KeyExpired,
    KeyMalformed,
    KeyNotYetValid,
    KeyRevoked,
    KeyRotatedOut,
    WrongEnvironment,
)
from gateway.credential import Credential
from gateway.credentials import RETRY
from gateway.exchange import Exchange, rung
from gateway.ladder import failed
from gateway.problems import (
    CredentialStoreUnavailable,
    TokenExpired,
    TokenRevoked,
    UserDisabled,
)

FOUND = {source: rung("known", by=source) for source in ("memory", "valkey", "postgres", "stale")}
GOOD = rung("standing")
SCHEMES = {b"bearer", b"dpop"}


async def authenticate(exchange: Exchange) -> None:
    """Read ``Authorization``, look the credential up, refuse one that is no longer valid.

    Nothing else identifies a caller: cookies do not, and no backend sees them.
    """
    secret = _secret(exchange)
    try:
        credential, source = await exchange.runtime.credentials.find(secret)
    except Problem as problem:
        exchange.trace.append(failed("known", problem))
        raise
    exchange.credential = credential
    exchange.trace.append(FOUND[source])
    try:
        _standing(credential, secret)
    except Problem as problem:
        exchange.trace.append(failed("standing", problem, **_facts(credential)))
        raise
    exchange.trace.append(_good(credential) if credential.is_token else GOOD)
    exchange.runtime.heartbeat.used[credential.key] = exchange.address
    if source == "stale" and not exchange.reading:
        raise CredentialStoreUnavailable(
            "The credential cannot be confirmed right now; reading still works.",
            headers={"Retry-After": RETRY},
        )


async def recheck(exchange: Exchange) -> Credential:
    """Return the caller's credential as it stands now, refusing one that is no longer valid."""
    secret = exchange.headers[b"authorization"].partition(b" ")[2].strip().decode("ascii")
    credential, _ = await exchange.runtime.credentials.find(secret)
    _standing(credential, secret)
    return credential


def _good(credential: Credential) -> bytes:
    """Say which token it was: usage is counted by its client."""
    made: bytes | None = credential.prepared.get("standing")
    if made is None:
        made = credential.prepared["standing"] = rung("standing", token=credential.key)
    return made


def _secret(exchange: Exchange) -> str:
    value = exchange.headers.get(b"authorization")
    if value is None:
        missing = CredentialMissing("Send Authorization: Bearer and an API key or access token.")
        exchange.trace.append(failed("credential", missing))
        raise missing
    scheme, blank, secret = value.partition(b" ")
    exchange.scheme = scheme.lower()
    if exchange.scheme not in SCHEMES:
        # Alone it is the credential itself, sent without a scheme.
        named = scheme.decode("latin-1")[:16] if blank else ""
        wrong = KeyMalformed("The scheme of Authorization must be Bearer, or DPoP with a proof.")
        exchange.trace.append(failed("credential", wrong, scheme=named))
        raise wrong
    try:
        return str(secret.strip(), "ascii")
    except UnicodeDecodeError:
        raise KeyMalformed from None


def _standing(credential: Credential, secret: str) -> None:
    """Refuse what was good or will be, but is not now."""
    if credential.is_token:
        _token(credential)
    elif credential.revoked:
        raise KeyRevoked(f"The API key {credential.key} was revoked.")
    elif credential.expires_at and credential.expires_at <= time.time():
        ended = _at(credential.expires_at)
        if credential.rotated_at:
            raise KeyRotatedOut(
                f"The API key {credential.key} was rotated, and its overlap ended {ended}."
            )
        raise KeyExpired(f"The API key {credential.key} expired {ended}.")
    elif credential.not_before and credential.not_before > time.time():
        raise KeyNotYetValid(
            f"The API key {credential.key} is valid from {_at(credential.not_before)}."
        )
    told = credential.livemode if secret.startswith("eyJ") else "_live_" in secret
    if told != credential.livemode or credential.misplaced:
        raise WrongEnvironment


def _facts(credential: Credential) -> dict[str, str]:
    """Return what a credential's standing was decided by."""
    facts = {"credential": credential.key}
    facts["environment"] = "live" if credential.livemode else "test"
    for name in ("not_before", "expires_at", "rotated_at"):
        if moment := getattr(credential, name):
            facts[name] = _at(moment)
    return facts


def _token(credential: Credential) -> None:
    if credential.revoked:
        raise TokenRevoked(f"The access token {credential.key} was revoked.")
    if credential.expires_at and credential.expires_at <= time.time():
        raise TokenExpired(
            f"The access token {credential.key} expired {_at(credential.expires_at)}."
        )
    if credential.user_disabled:
        raise UserDisabled(f"The account {credential.subject} is disabled.")


def _at(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
