"""Where one is signed in: every browser, and a way to end each."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import BrowserSession
from portal import devices, sessions
from portal.request import PortalRequest

SHOWN = 100


@never_cache
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List the sessions, the one that asks first."""
    here = request.session.session_key
    rows = [
        {
            "session": row,
            "device": devices.name(row.user_agent),
            "glyph": devices.glyph(row.user_agent),
            "here": row.session_key == here,
        }
        for row in sessions.running(request.user)[:SHOWN]
    ]
    rows.sort(key=lambda row: not row["here"])
    return render(request, "portal/sessions/index.html", {"rows": rows})


@require_POST
def end(request: PortalRequest, session_id: int) -> HttpResponse:
    """End one session of one's own."""
    row = get_object_or_404(BrowserSession, pk=session_id, user=request.user)
    if row.session_key == request.session.session_key:
        logout(request)
        return redirect("account_login")
    sessions.end(request.user, keys=[row.session_key])
    messages.success(request, _("That browser is signed out."))
    return redirect("portal:settings-sessions")


@require_POST
def end_others(request: PortalRequest) -> HttpResponse:
    """End every session but this one."""
    sessions.end_others(request.user, keep=request.session.session_key)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("portal:settings-sessions")
