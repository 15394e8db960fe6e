"""A recent proof of who is there, asked for before what matters most.

Signing in counts, and so do a password, a passkey or a code that were given again, each for a
quarter of an hour.
"""

import time
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from portal.permissions import SAFE


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the person at this browser proved who they are recently."""
    records = cast("list[dict[str, Any]]", get_authentication_records(request, request.user))
    newest = max((record["at"] for record in records), default=0)
    return bool(time.time() - newest < app_settings.REAUTHENTICATION_TIMEOUT)


def ask(request: HttpRequest) -> HttpResponse:
    """Lead to where one proves who one is, and back to the page that needed it.

    What a form held is not kept: it would lie in the session.
    """
    methods = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        return redirect("account_reset_password")
    address = f"{methods[0]['url']}?{urlencode({'next': way_back(request)})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def way_back(request: HttpRequest) -> str:
    """Return the address of the page that needed the proof."""
    if request.method in SAFE and not request.headers.get("HX-Request"):
        return request.get_full_path()
    came = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, allowed_hosts={request.get_host()}):
        return resolve_url(reverse("portal:overview"))
    parts = urlsplit(came)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
