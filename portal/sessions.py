"""Where a person is signed in: what is known of each place, and how it ends.

Django's session is the truth. ``BrowserSession`` adds who, from where and when; it is written when
somebody signs in, and afterwards at most every five minutes.
"""

import time
from collections.abc import Iterable
from functools import partial
from typing import Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import BrowserSession, User
from apps.core import clock
from apps.core.addresses import client_address
from apps.oauth import logout
from apps.oauth.sessions import sid_in

SEEN: Final = "seen"  # the session's name for its key and when it was written down
EVERY: Final = 300  # seconds
AGENT: Final = 300  # characters


def touch(request: HttpRequest, user: User) -> None:
    """Write down that the session is in use, unless that was done a moment ago."""
    key = request.session.session_key
    known, at = request.session.get(SEEN, ("", 0))
    if key is None or (known == key and time.time() - at < EVERY):
        return
    began = BrowserSession.objects.filter(session_key=known, user=user).first()
    if known != key and began is not None:  # The key was rotated: it is the same place.
        BrowserSession.objects.filter(pk=began.pk).update(session_key=key)
    facts = {
        "user": user,
        "ip": client_address(request),
        "user_agent": request.headers.get("User-Agent", "")[:AGENT].replace("\0", ""),
        "last_seen_at": clock.real(),
    }
    _, new = BrowserSession.objects.update_or_create(session_key=key, defaults=facts)
    if new:
        _tidy(user)
    request.session[SEEN] = (key, time.time())


def _tidy(user: User) -> None:
    """Drop what is known of sessions of ``user`` that are over."""
    live = Session.objects.filter(expire_date__gt=clock.real()).values("session_key")
    BrowserSession.objects.filter(user=user).exclude(session_key__in=live).delete()


def running(user: User) -> list[BrowserSession]:
    """Return where ``user`` is signed in, the place used last first."""
    live = Session.objects.filter(expire_date__gt=clock.real()).values("session_key")
    rows = BrowserSession.objects.filter(user=user, session_key__in=live)
    return list(rows.order_by("-last_seen_at"))


def end(user: User, *, keys: Iterable[str]) -> int:
    """End these sessions of ``user``, and tell the clients that know of them; return how many."""
    running = Session.objects.filter(session_key__in=list(keys))
    return _end([session for session in running if _owner(session) == user.pk])


def end_others(user: User, *, keep: str | None) -> int:
    """End every session of ``user`` but one."""
    return _end([session for session in _all(user) if session.session_key != keep])


def end_all(user: User) -> int:
    """End every session of ``user`` and return how many there were."""
    logout.end_all(user)
    return _end(_all(user))


def _all(user: User) -> list[Session]:
    """Return all sessions of ``user``.

    Django keeps a session's owner inside its signed data, so all running sessions are read once.
    """
    running = Session.objects.filter(expire_date__gt=clock.real())
    return [session for session in running.iterator() if _owner(session) == user.pk]


def _owner(session: Session) -> str | None:
    owner: str | None = session.get_decoded().get(SESSION_KEY)
    return owner


@transaction.atomic
def _end(sessions: list[Session]) -> int:
    names = [name for session in sessions if (name := sid_in(session.get_decoded()))]
    if names:
        logout.end(names)
    keys = [session.session_key for session in sessions]
    Session.objects.filter(session_key__in=keys).delete()
    BrowserSession.objects.filter(session_key__in=keys).delete()
    cached = [SessionStore.cache_key_prefix + key for key in keys]
    _forget(cached)
    transaction.on_commit(partial(_forget, cached))  # A page may have read one back meanwhile.
    return len(keys)


def _forget(cached: list[str]) -> None:
    caches[settings.SESSION_CACHE_ALIAS].delete_many(cached)
