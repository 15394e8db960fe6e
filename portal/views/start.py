"""The page that waits for the first request, and celebrates it."""

import time
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.applications.models import Application
from apps.core import clock, tickets
from apps.keys import services as keys
from apps.keys.models import Key
from apps.usage import selectors as usage
from portal import samples, sandbox
from portal.request import PortalRequest

PATIENCE = 10  # seconds for a call that the portal makes for a page without JavaScript
FIRST, LAST = 1, 9999  # years at whose edge PostgreSQL takes no time zone
SHOWN = 20_000  # characters of an answer's body


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as the page celebrates it."""

    id: str
    method: str
    path: str
    status: int
    latency_ms: float
    body: str = ""

    @property
    def fine(self) -> bool:
        """Tell whether it was answered as one hopes."""
        return self.status < 400  # noqa: PLR2004 - HTTP's own border


@login_required
@never_cache
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """Show the first call with the reader's own key."""
    return _page(request)


@login_required
@never_cache
@require_POST
def run(request: PortalRequest) -> HttpResponse:
    """Make the call on behalf of a page without JavaScript, through the gateway as anyone would."""
    key = sandbox.first_key(request)
    secret = keys.reveal(key) if key else None
    if key is None or secret is None:
        return redirect("portal:start")
    arrival = _call(samples.first_url(key.scopes), secret)
    if arrival is None:
        messages.error(request, _("The gateway did not answer."))
        return redirect("portal:start")
    return _page(request, arrival)


@login_required
@never_cache
@require_safe
def first(request: PortalRequest) -> JsonResponse:
    """Answer with the newest request since ``since``, and a fresh ticket to the stream."""
    key = sandbox.first_key(request)
    since = _moment(request.GET.get("since", ""))
    if key is None or since is None:
        return JsonResponse({"request": None, "ticket": None})
    page = usage.requests(request.user, application=key.application, since=since, limit=1)
    return JsonResponse(
        {
            "request": _facts(page.rows[0]) if page.rows else None,
            "ticket": _ticket(key.application),
        }
    )


def _page(request: PortalRequest, arrival: Arrival | None = None) -> HttpResponse:
    key = sandbox.first_key(request)
    secret = keys.reveal(key) if key else None
    if key is None or secret is None:
        return render(request, "portal/start/nothing.html")
    url = samples.first_url(key.scopes)
    called = bool(usage.requests(request.user, application=key.application, limit=1).rows)
    context = {
        "key": key,
        "secret": secret,
        "url": url,
        "samples": samples.in_every_language(url, secret),
        "arrival": arrival,
        "since": clock.real().isoformat(),
        "ticket": _ticket(key.application),
        "stream_url": f"{settings.API_URL}/stream/requests",
        "called": called,
        "steps": _steps(key, called=called),
    }
    return render(request, "portal/start/index.html", context)


def _steps(key: Key, *, called: bool) -> list[dict[str, Any]]:
    asked = key.application.state != Application.State.DRAFT
    application = reverse("portal:applications-detail", args=[key.application_id])
    return [
        _next(_("Make your first call"), "#call", done=called),
        _next(_("Look at what was decided about it"), reverse("portal:logs"), done=False),
        _next(_("Try every operation in the explorer"), reverse("portal:swagger"), done=False),
        _next(_("See how errors look, and how to fix them"), reverse("portal:errors"), done=False),
        _next(
            _("Create a key with just the scopes you need"), reverse("portal:keys-new"), done=False
        ),
        _next(_("Submit your application to go live"), application, done=asked),
    ]


def _next(title: str, url: str, *, done: bool) -> dict[str, Any]:
    return {"title": title, "url": url, "done": done}


def _call(url: str, secret: str) -> Arrival | None:
    request = Request(url, headers={"Authorization": f"Bearer {secret}"})  # noqa: S310 - our gateway
    began = time.perf_counter()
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our gateway
            status, headers, text = answer.status, answer.headers, answer.read()
    except HTTPError as error:
        status, headers, text = error.code, error.headers, error.read()
    except (OSError, HTTPException):
        return None
    body = text.decode("utf-8", "replace")[:SHOWN]
    path = request.selector.partition("?")[0]
    taken = 1000 * (time.perf_counter() - began)
    found = headers.get("Trellis-Request-Id", "")
    return Arrival(found, "GET", path, status, taken, samples.body(body))


def _facts(row: usage.RequestRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "method": row.method,
        "path": row.path,
        "status": row.status,
        "latency_us": round(row.latency_ms * 1000),
    }


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or not FIRST < moment.year < LAST:
        return None
    return moment


def _ticket(application: Application) -> str:
    now = clock.real().timestamp()
    return tickets.issue(application.pk, root=settings.CALLER_KEY, now=now)
