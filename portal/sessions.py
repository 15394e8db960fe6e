"""The sessions of one person."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import caches

from apps.accounts.models import User
from apps.core import clock


def end_all(user: User) -> int:
    """End every session of ``user`` and return how many there were.

    Django keeps a session's owner inside its signed data, so all running sessions are read once.
    """
    running = Session.objects.filter(expire_date__gt=clock.real())
    theirs = [
        session.session_key
        for session in running.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=theirs).delete()
    cached = [SessionStore.cache_key_prefix + key for key in theirs]
    caches[settings.SESSION_CACHE_ALIAS].delete_many(cached)
    return len(theirs)
