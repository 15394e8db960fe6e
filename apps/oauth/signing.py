"""The keys that sign ID tokens, JWT access tokens and logout tokens, and what they sign.

Each algorithm has a key that signs and a next one, published long before it does, so that whoever
keeps our key set for a while already knows it. A retired key stays published until the last token
it signed has expired; its private half is gone at once. Private halves are sealed: PostgreSQL alone
signs nothing.
"""

import json
import logging
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from apps.core import clock, ids, vault
from apps.events import services as events
from apps.oauth.models import SigningKey

State = SigningKey.State

SHAPES: dict[str, dict[str, Any]] = {
    "RS256": {"kty": "RSA", "size": 2048},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
ALGORITHMS = tuple(SHAPES)
KEPT_BY_OTHERS = timedelta(minutes=15)  # how long our key set may be cached
PUBLISHED_FIRST = timedelta(hours=1)  # before a key signs
PUBLISHED_AFTER = timedelta(days=1)  # after it signed last; a token lives for an hour
REMEMBERED = timedelta(days=90)  # as long as an expired ID token still says who logs out
LARGEST = 16_384  # characters of a token that is worth reading

log = logging.getLogger(__name__)


class BadToken(ValueError):  # noqa: N818 - named after what it says
    """The text is no token that we signed for this purpose, or no longer."""


class TooSoon(Exception):  # noqa: N818 - as above
    """The next key has not been published for long enough to sign."""


def sign(claims: dict[str, Any], *, algorithm: str = "RS256", typ: str = "JWT") -> str:
    """Return ``claims`` as a compact JWS under the current key of ``algorithm``."""
    key, private = _current(algorithm)
    token = JWS(json.dumps(claims, separators=(",", ":")))
    header = {"alg": algorithm, "typ": typ, "kid": key.pk}
    token.add_signature(private, alg=algorithm, protected=json.dumps(header))
    return str(token.serialize(compact=True))


def verify(token: str, *, typ: str, expired: bool = False) -> dict[str, Any]:
    """Return the claims of a token that we signed with this ``typ``; BadToken for any other.

    The key is ours and found by ``kid`` alone; the algorithm is the key's, never the token's
    choice. ``expired`` lets one through that was good once.
    """
    if len(token) > LARGEST or token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
        raise BadToken("The token is no compact JWS.")
    try:
        jws = JWS()
        jws.deserialize(token)
        key = _published_key(cast("dict[str, Any]", jws.jose_header), typ=typ)
        jws.allowed_algs = [key.algorithm]
        jws.verify(JWK(**key.public), alg=key.algorithm)
        claims = json.loads(jws.payload)
    except (JWException, ValueError, TypeError, RecursionError) as error:
        raise BadToken(str(error) or "The token cannot be read.") from error
    return _checked(claims, expired=expired)


def jwks() -> dict[str, Any]:
    """Return the published keys (RFC 7517): those that will sign, do sign and did sign."""
    known = _published()
    if set(ALGORITHMS).difference(key.algorithm for key in known if key.state == State.CURRENT):
        _begin()
        known = _published()
    return {"keys": [key.public for key in known]}


@transaction.atomic
def rotate(algorithm: str) -> SigningKey:
    """Let the next key sign, retire the one that did, and publish another next one."""
    _alone()
    _prepare(algorithm)
    coming = _key(algorithm, State.NEXT)
    if coming is None or coming.created_at > clock.real() - PUBLISHED_FIRST:
        raise TooSoon(f"The next {algorithm} key was published less than an hour ago.")
    retiring = SigningKey.objects.filter(algorithm=algorithm, state=State.CURRENT)
    retiring.update(state=State.RETIRED, retired_at=clock.real(), sealed=b"")
    coming.state = State.CURRENT
    coming.save(update_fields=["state"])
    _prepare(algorithm)
    forgotten = SigningKey.objects.filter(state=State.RETIRED)
    forgotten.filter(retired_at__lt=clock.real() - REMEMBERED).delete()
    events.emit("signing_key.rotated", coming, actor=None, algorithm=algorithm)
    return coming


@transaction.atomic
def withdraw(algorithm: str) -> SigningKey:
    """Forget every key of ``algorithm``, because one may have leaked: nothing it signed is good."""
    _alone()
    SigningKey.objects.filter(algorithm=algorithm).delete()
    _prepare(algorithm)
    key = SigningKey.objects.get(algorithm=algorithm, state=State.CURRENT)
    events.emit("signing_key.rotated", key, actor=None, algorithm=algorithm, withdrawn=True)
    return key


def _current(algorithm: str) -> tuple[SigningKey, JWK]:
    if algorithm not in SHAPES:
        raise ValueError(f"{algorithm!r} is not one of {', '.join(ALGORITHMS)}.")
    key = _key(algorithm, State.CURRENT)
    if key is None:
        _begin()
        key = SigningKey.objects.get(algorithm=algorithm, state=State.CURRENT)
    private = _unsealed(key.pk, bytes(key.sealed))
    if private is None:
        log.warning("The vault's key has changed: %s signs no more.", key)
        key = _replace(key)
        private = _unsealed(key.pk, bytes(key.sealed))
    return key, cast("JWK", private)


@lru_cache(maxsize=16)
def _unsealed(_: str, sealed: bytes) -> JWK | None:
    text = vault.unseal(sealed)
    return None if text is None else JWK.from_json(text)


@transaction.atomic
def _begin() -> None:
    _alone()
    _prepare(*ALGORITHMS)


@transaction.atomic
def _replace(lost: SigningKey) -> SigningKey:
    _alone()
    unreadable = [
        key.pk
        for key in SigningKey.objects.filter(algorithm=lost.algorithm).exclude(state=State.RETIRED)
        if vault.unseal(bytes(key.sealed)) is None
    ]
    SigningKey.objects.filter(pk__in=unreadable).update(
        state=State.RETIRED, retired_at=clock.real(), sealed=b""
    )
    _prepare(lost.algorithm)
    return SigningKey.objects.get(algorithm=lost.algorithm, state=State.CURRENT)


def _prepare(*algorithms: str) -> None:
    standing = SigningKey.objects.exclude(state=State.RETIRED)
    there = set(standing.values_list("algorithm", "state"))
    SigningKey.objects.bulk_create(
        _fresh(algorithm, state)
        for algorithm in algorithms
        for state in (State.CURRENT, State.NEXT)
        if (algorithm, state) not in there
    )


def _fresh(algorithm: str, state: SigningKey.State) -> SigningKey:
    name = ids.new("sgk")
    key = JWK.generate(kid=name, alg=algorithm, use="sig", **SHAPES[algorithm])
    return SigningKey(
        id=name,
        algorithm=algorithm,
        state=state,
        public=key.export_public(as_dict=True),
        sealed=vault.seal(key.export_private()),
    )


def _key(algorithm: str, state: SigningKey.State) -> SigningKey | None:
    return SigningKey.objects.filter(algorithm=algorithm, state=state).first()


def _published() -> list[SigningKey]:
    lately = Q(retired_at=None) | Q(retired_at__gt=clock.real() - PUBLISHED_AFTER)
    return list(SigningKey.objects.filter(lately).order_by("algorithm", "pk"))


def _published_key(header: dict[str, Any], *, typ: str) -> SigningKey:
    if header.get("typ") != typ:
        raise BadToken(f"The token is no {typ}.")
    if "crit" in header or "b64" in header:
        raise BadToken("The token asks for extensions that we never use.")
    key = SigningKey.objects.filter(pk=str(header.get("kid", ""))).first()
    if key is None or key.algorithm != header.get("alg"):
        raise BadToken("The token names no key of ours.")
    return key


def _checked(claims: Any, *, expired: bool) -> dict[str, Any]:
    if not isinstance(claims, dict) or claims.get("iss") != settings.PORTAL_URL:
        raise BadToken("The token has another issuer.")
    ends = claims.get("exp")
    if not isinstance(ends, int) or (not expired and ends <= clock.real().timestamp()):
        raise BadToken("The token has expired.")
    return claims


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('oauth signing keys'))")
