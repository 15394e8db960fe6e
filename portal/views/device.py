"""Where a person lets a device without a browser act for them (RFC 8628, section 3.3).

The code is typed, or comes in the address (``user_code``); then the page says whose device it is,
because a stranger may have sent the code. Nothing is allowed before that page is answered.
"""

from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.core.addresses import client_address
from apps.core.errors import Missing, Problem
from apps.oauth import captions, consents, devices, sessions
from apps.oauth.authorization import Refused, check_client
from apps.oauth.models import Client, DeviceGrant
from portal import authorizing, consenting
from portal.request import PortalRequest

LONGEST = 20


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PortalRequest) -> HttpResponse:
    """Take the code; show what the device asks for. A code in the address is filled in only."""
    if request.method != "POST":
        typed = request.GET.get("user_code", "")[:LONGEST]
        return render(request, "portal/device/index.html", {"typed": typed})
    try:
        grant, client = _find(request)
    except (Problem, OAuth2Error) as error:
        return _again(request, error)
    context = consenting.page(client, grant.scope.split(), request.user)
    letters = "".join(filter(str.isalnum, request.POST.get("user_code", ""))).upper()
    typed = f"{letters[:4]}-{letters[4:]}"  # as the device shows it
    return render(request, "portal/device/confirm.html", context | {"typed": typed})


@login_required
@never_cache
@require_POST
def decide(request: PortalRequest) -> HttpResponse:
    """Allow or deny what the page showed."""
    if request.POST.get("decision") == "switch":
        return _switch(request)
    try:
        grant, client = _find(request)
        choice = None
        if request.POST.get("decision") != "deny":
            choice = consenting.chosen(request.POST, client, grant.scope.split(), request.user)
            if choice is None:
                return redirect("portal:device")
        _carry_out(request, grant, client, choice)
    except (Problem, OAuth2Error) as error:
        return _again(request, error)
    if choice is None:
        messages.success(request, _("The device was turned away."))
        return redirect("portal:device")
    return render(request, "portal/device/done.html", {"client": client})


def _find(request: PortalRequest) -> tuple[DeviceGrant, Client]:
    typed = request.POST.get("user_code", "")[:LONGEST]
    grant = devices.find(typed, user=request.user, address=client_address(request) or "")
    known = Client.objects.select_related(*captions.NEEDED)
    client = known.filter(client_id=grant.client_id).first()
    if client is None:
        raise Refused("invalid_request", _("The application of this device is gone."))
    check_client(client)
    return grant, client


@transaction.atomic
def _carry_out(
    request: PortalRequest, grant: DeviceGrant, client: Client, choice: consenting.Choice | None
) -> None:
    if choice is None:
        devices.deny(grant, actor=request.user)
        return
    consents.give(
        client,
        user=choice.user,
        tenant=choice.tenant,
        scopes=choice.scopes,
        declined=choice.declined,
        actor=request.user,
    )
    devices.allow(
        grant,
        tenant=choice.tenant,
        scopes=choice.scopes,
        auth_time=authorizing.auth_time(request),
        sid=sessions.sid(request) if choice.answered_by is None else "",
        actor=choice.user,
        answered_by=choice.answered_by,
    )


def _switch(request: PortalRequest) -> HttpResponse:
    """Sign out, let somebody else sign in, and come back with the same code."""
    code = urlencode({"user_code": request.POST.get("user_code", "")[:LONGEST]})
    logout(request)
    return redirect_to_login(f"{reverse('portal:device')}?{code}")


def _again(request: PortalRequest, error: Problem | OAuth2Error) -> HttpResponse:
    """Show the form with what is wrong. A code that is unknown is a typing error, and no other."""
    why = error.detail if isinstance(error, Problem) else error.description
    status = HTTPStatus.OK if isinstance(error, Missing) else _status(error)
    context = {"typed": request.POST.get("user_code", "")[:LONGEST], "why": why}
    return render(request, "portal/device/index.html", context, status=status)


def _status(error: Problem | OAuth2Error) -> int:
    return int(error.status) if isinstance(error, Problem) else error.status_code
