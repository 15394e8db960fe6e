"""The end of a portal session, and who hears of it.

A client asks for it (OpenID Connect RP-Initiated Logout 1.0), or the person, or an operator. Every
client that knows of the session and left an address is told (Back-Channel Logout 1.0): a row is
written with the end itself, and sent until the client says that it understood.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core import clock, ids, outgoing
from apps.events.models import Event
from apps.oauth import sessions, signing
from apps.oauth.models import LogoutNotice, SignIn

TYPE: Final = "logout+jwt"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LIFE: Final = timedelta(minutes=2)
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 7200, 21600)
)  # afterwards it is given up
LEASE: Final = timedelta(minutes=1)  # longer than one attempt can take
UNDERSTOOD: Final = {200, 204}
A_RUN: Final = 20.0  # seconds after which a run leaves the rest to the next

log = logging.getLogger(__name__)


@transaction.atomic
def end(sids: Iterable[str]) -> int:
    """Note that these sessions are over and write to who must know; return how many notices."""
    ending = SignIn.objects.select_for_update().filter(sid__in=list(sids), ended_at=None)
    written = 0
    for known in ending.prefetch_related("clients"):
        told = [client for client in known.clients.all() if client.backchannel_logout_uri]
        for client in told:
            LogoutNotice.objects.create(client=client, subject=known.user_id, sid=known.sid)
        known.ended_at = clock.real()
        known.save(update_fields=["ended_at"])
        written += len(told)
    if written:
        transaction.on_commit(_tell)
    return written


def end_all(user: User | str) -> int:
    """Note that every session of this person is over; return how many notices were written."""
    running = SignIn.objects.filter(user=user, ended_at=None)
    return end(running.values_list("sid", flat=True))


def signed_out(request: HttpRequest, **_: object) -> None:
    """Hear from Django that somebody signs out of the portal: the session is still there."""
    if name := sessions.sid_in(request.session):
        end([name])


def follow(batch: Sequence[Event]) -> None:
    """Follow the event log: whoever may no longer sign in is signed out everywhere."""
    for event in batch:
        if event.type == "user.deactivated":
            end_all(event.subject)


def token(notice: LogoutNotice) -> str:
    """Return the signed logout token that a notice is sent with, fresh for each attempt."""
    now = int(clock.real().timestamp())
    claims: dict[str, Any] = {
        "iss": settings.PORTAL_URL,
        "sub": notice.subject,
        "aud": notice.client.client_id,
        "iat": now,
        "exp": now + int(LIFE.total_seconds()),
        "jti": ids.new("jti"),
        "sid": notice.sid,
        "events": {EVENT: {}},
    }
    return signing.sign(claims, algorithm=notice.client.id_token_algorithm, typ=TYPE)


def send_due() -> int:
    """Send the notices that are due, in turn and for a while; return how many were understood."""
    began, understood = time.monotonic(), 0
    due = LogoutNotice.objects.filter(done_at=None, due_at__lte=clock.real()).order_by("due_at")
    for name in list(due.values_list("pk", flat=True)[:100]):
        if time.monotonic() - began > A_RUN:
            break
        understood += send(name)
    return understood


def send(name: str) -> bool:
    """Send one notice that is due, unless another worker does; tell whether it was understood."""
    now = clock.real()
    mine = LogoutNotice.objects.filter(pk=name, done_at=None, due_at__lte=now)
    if not mine.update(due_at=now + LEASE):  # No transaction waits for a stranger's server.
        return False
    notice = LogoutNotice.objects.select_related("client").get(pk=name)
    error = _post(notice)
    notice.attempts += 1
    notice.last_error = error[:200]
    if not error or notice.attempts > len(PAUSES):
        notice.done_at = clock.real()
    else:
        notice.due_at = clock.real() + PAUSES[notice.attempts - 1]
    notice.save(update_fields=["attempts", "last_error", "done_at", "due_at"])
    return not error


def _post(notice: LogoutNotice) -> str:
    try:
        uri = notice.client.backchannel_logout_uri
        status = outgoing.post(uri, {"logout_token": token(notice)})
    except outgoing.Unreachable as why:
        return str(why)
    return "" if status in UNDERSTOOD else f"It answered {status}."


def _tell() -> None:
    try:
        current_app.send_task("oauth.send_logout_notices", retry=False)
    except Exception:
        log.warning("No worker was told of a logout; the sweep will find it.", exc_info=True)
