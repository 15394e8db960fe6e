"""What clients learn about the person who signed in: ID tokens and userinfo."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from allauth.account.models import EmailAddress
from django.conf import settings

from apps.accounts.models import User
from apps.oauth import lifetimes, sessions, signing
from apps.oauth.models import Client

BY_SCOPE = {
    "profile": ("name", "given_name"),
    "email": ("email", "email_verified"),
}
SCOPE_OF = {name: scope for scope, names in BY_SCOPE.items() for name in names}
ABOUT_PEOPLE = tuple(SCOPE_OF)
ABOUT_SIGN_IN = ("auth_time", "amr", "sid", "nonce", "at_hash", "c_hash", "azp")
SUPPORTED = ("iss", "sub", "aud", "exp", "iat", *ABOUT_SIGN_IN, *ABOUT_PEOPLE)
HASHES = {"RS256": hashlib.sha256, "ES256": hashlib.sha256, "EdDSA": hashlib.sha512}

Place = Literal["id_token", "userinfo"]


def id_token(
    *,
    client: Client,
    user: User,
    scopes: Sequence[str],
    nonce: str = "",
    auth_time: datetime | None = None,
    sid: str = "",
    access_token: str = "",
    code: str = "",
    claims_request: str | dict[str, Any] | None = None,
    now: datetime,
) -> str:
    """Return a signed ID token for ``client`` (OpenID Connect Core, section 2).

    What ``profile`` and ``email`` cover is at userinfo; here it stands only where the request's
    ``claims`` parameter asks for it and the person agreed to the scope.
    """
    algorithm = client.id_token_algorithm
    claims: dict[str, Any] = {
        "iss": settings.PORTAL_URL,
        "sub": user.pk,
        "aud": client.client_id,
        "azp": client.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetimes.ID_TOKEN).timestamp()),
    }
    if auth_time:
        claims["auth_time"] = int(auth_time.timestamp())
    optional = {
        "nonce": nonce,
        "sid": sid,
        "at_hash": half_hash(access_token, algorithm),
        "c_hash": half_hash(code, algorithm),
        "amr": sessions.joined(sid, client),
    }
    claims |= {name: value for name, value in optional.items() if value}
    asked = asked_for(claims_request, "id_token")
    claims |= about(user, [name for name in asked if SCOPE_OF[name] in scopes])
    return signing.sign(claims, algorithm=algorithm)


def userinfo(user: User, scopes: Iterable[str]) -> dict[str, Any]:
    """Return what a token with ``scopes`` may know about ``user``."""
    names = [name for scope in scopes for name in BY_SCOPE.get(scope, ())]
    return {"sub": user.pk} | about(user, names)


def scopes_for(claims_request: str) -> list[str]:
    """Return the scopes that a ``claims`` parameter stands for: nobody is told of unasked."""
    asked = [*asked_for(claims_request, "id_token"), *asked_for(claims_request, "userinfo")]
    return sorted({SCOPE_OF[name] for name in asked})


def about(user: User, names: Iterable[str]) -> dict[str, Any]:
    """Return those of the claims ``names`` that we know about ``user``."""
    wanted = set(names)
    known: dict[str, Any] = {
        "name": user.name,
        "given_name": user.get_short_name() if user.name else "",
        "email": user.email,
        "email_verified": _proved(user) if "email_verified" in wanted else False,
    }
    return {name: known[name] for name in known if name in wanted and known[name] != ""}


def asked_for(claims_request: str | dict[str, Any] | None, place: Place) -> list[str]:
    """Return the claims that the ``claims`` parameter asks for at ``place``; nonsense is none."""
    wanted = claims_request
    if isinstance(wanted, str):
        try:
            wanted = json.loads(wanted or "{}")
        except (ValueError, RecursionError):
            return []
    members = wanted.get(place) if isinstance(wanted, dict) else None
    return [name for name in members if name in ABOUT_PEOPLE] if isinstance(members, dict) else []


def half_hash(text: str, algorithm: str) -> str:
    """Return the left half of a hash, as ``at_hash`` and ``c_hash`` have it; nothing of nothing."""
    if not text:
        return ""
    digest = HASHES[algorithm](text.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _proved(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists())
