"""The sessions of one person."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import User


def end_all(user: User) -> int:
    """End every session of ``user`` and return how many there were.

    Django keeps a session's owner inside its signed data, so all running sessions are read once.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore
    running = Session.objects.filter(expire_date__gt=timezone.now())
    theirs = [
        session.session_key
        for session in running.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    for key in theirs:
        store(key).delete()
    return len(theirs)
