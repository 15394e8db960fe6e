"""A code by mail, asked of staff before they have a second factor.

The admin wants a second factor, and the first one is added by whoever is signed in. Without this a
stolen password would be enough: its thief would add a factor of their own, or move the address.
"""

import time
from typing import Final, cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.accounts.models import User
from apps.core import staff, throttle
from apps.notifications import services as notifications
from portal import proof

CODE: Final = "mailed_code"  # the session's names for what was sent, and for what it proved
PROVED: Final = "mailed_proof"
GOOD: Final = 15 * 60  # seconds, for both
HOUR: Final = 3600
MAILS: Final = 5  # of one person in an hour
TRIES: Final = 10


def is_wanted(request: HttpRequest) -> bool:
    """Tell whether this person has to read their mail before they go on."""
    user = cast("User", request.user)
    if not (settings.ADMIN_MFA and user.is_staff) or staff.has_factor(request):
        return False
    return not _stands(request, PROVED)


def ask(request: HttpRequest) -> HttpResponse:
    """Lead to where the code is sent and typed, and back to the page that needed it."""
    query = urlencode({"next": proof.way_back(request)})
    return redirect(f"{reverse('portal:settings-code')}?{query}")


def is_sent(request: HttpRequest) -> bool:
    """Tell whether a code is on its way that still works."""
    return _stands(request, CODE)


def send(request: HttpRequest) -> bool:
    """Send a code to the person's address; tell whether one went out."""
    user = cast("User", request.user)
    if not throttle.admits("mailed-code", user.pk, at_most=MAILS, window=HOUR):
        return False
    code = get_adapter().generate_email_verification_code()
    request.session[CODE] = _note(user) | {"digest": _digest(code)}
    notifications.notify(
        [user.email],
        subject=f"Your code at {settings.BRAND['name']}",
        template="code",
        context={"code": code, "minutes": GOOD // 60},
    )
    return True


def check(request: HttpRequest, typed: str) -> bool:
    """Tell whether ``typed`` is the code that was sent; it is good once."""
    user = cast("User", request.user)
    allowed = throttle.admits("mailed-try", user.pk, at_most=TRIES, window=HOUR)
    if not (allowed and is_sent(request)):
        return False
    if not constant_time_compare(request.session[CODE]["digest"], _digest(typed)):
        return False
    del request.session[CODE]
    request.session[PROVED] = _note(user)
    return True


def _note(user: User) -> dict[str, object]:
    return {"user": user.pk, "address": user.email, "at": time.time()}


def _stands(request: HttpRequest, name: str) -> bool:
    """Tell whether the session holds such a note about this person and address, a recent one."""
    user, note = cast("User", request.user), request.session.get(name) or {}
    if (note.get("user"), note.get("address")) != (user.pk, user.email):
        return False
    return bool(time.time() - note["at"] < GOOD)


def _digest(code: str) -> str:
    letters = "".join(filter(str.isalnum, code)).upper()
    return salted_hmac("portal.mailed", letters, algorithm="sha256").hexdigest()
