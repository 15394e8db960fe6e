"""Browsers of people who signed in a moment ago, or long ago."""

import time

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.test import Client

from apps.accounts.models import User


def sign_in(browser: Client, user: User, *, ago: float = 0, method: str = "password") -> Client:
    """Sign ``user`` in as if it was done ``ago`` seconds before now, with a password."""
    browser.force_login(user)
    prove(browser, user, ago=ago, method=method)
    return browser


def prove(browser: Client, user: User, *, ago: float = 0, method: str = "password") -> None:
    """Let the session say that its person proved who they are."""
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": method, "at": time.time() - ago}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = user.pk
    session.save()


def of(user: User, *, ago: float = 0) -> Client:
    """Return a new browser in which ``user`` is signed in."""
    return sign_in(Client(), user, ago=ago)
