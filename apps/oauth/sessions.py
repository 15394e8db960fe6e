"""The portal session that a sign-in belongs to, as clients know it: by its ``sid``.

It is a random value kept in the session, never the session's own key. Row and value appear when
the session is first used to authorize a client.
"""

import secrets
from datetime import timedelta
from typing import Final

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core import clock
from apps.oauth.models import Client, LogoutNotice, SignIn

NAME: Final = "oauth_sid"  # the session's name for it
REMEMBERED: Final = timedelta(days=90)
METHODS: Final = {  # allauth's names and RFC 8176's
    "password": "pwd",
    "code": "otp",
    "totp": "otp",
    "recovery_codes": "otp",
    "webauthn": "pop",
}


def sid(request: HttpRequest) -> str:
    """Return the ``sid`` of the request's session; nothing when nobody is signed in."""
    user = request.user
    if not isinstance(user, User):
        return ""
    name = sid_in(request.session)
    if not SignIn.objects.filter(sid=name, user=user, ended_at=None).exists():
        name = secrets.token_urlsafe(32)
        SignIn.objects.create(sid=name, user=user, methods=methods(request))
        request.session[NAME] = name
    return name


def sid_in(session: object) -> str:
    """Return the ``sid`` that a session's data holds, or nothing."""
    getter = getattr(session, "get", None)
    return str(getter(NAME, "")) if getter else ""


def methods(request: HttpRequest) -> list[str]:
    """Return how the person proved who they are (RFC 8176)."""
    records = get_authentication_records(request, request.user)
    used = {METHODS.get(record.get("type") or record.get("method", "")) for record in records}
    known = sorted(method for method in used if method)
    return [*known, "mfa"] if len(known) > 1 else known


def joined(name: str, client: Client) -> list[str]:
    """Note that ``client`` knows of the session ``name``; return how the session began."""
    known = SignIn.objects.filter(sid=name).first() if name else None
    if known is None:
        return []
    known.clients.add(client)
    return known.methods


def forget() -> int:
    """Drop what ended, or can no longer be running, long ago; return how many rows that were."""
    ago = clock.real() - REMEMBERED
    stale = (
        SignIn.objects.filter(ended_at__lt=ago),
        SignIn.objects.filter(began_at__lt=ago - 3 * REMEMBERED),
        LogoutNotice.objects.filter(done_at__lt=ago),
    )
    return sum(rows.delete()[0] for rows in stale)
