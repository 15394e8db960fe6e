"""An authorization request on its way through sign-in and consent.

The request stays in the browser's address. Only two things are kept in the session, a few of each:
what a client pushed (a request_uri is good once, and a page is loaded more than once), and when a
request first asked for a new sign-in, so that it can tell that one has happened since.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.models import User
from apps.core import clock
from apps.oauth import captions, pushed, redirects, signing
from apps.oauth.authorization import AuthorizationRequest, Refused, check
from apps.oauth.models import Client

KEPT: Final = 8
PARKED: Final = "authorization_parked"
ASKED: Final = "authorization_asked"
PATIENCE: Final = timedelta(minutes=10)


def read(request: HttpRequest) -> AuthorizationRequest:
    """Return what the client asks for; raise ``Refused`` when something is wrong with it."""
    client = client_of(request.GET)
    if "request_uri" in request.GET:
        return check(_pushed(request, client), client)
    asked = check(request.GET, client)
    if client.par_required:
        raise Refused(
            "invalid_request",
            "This client has to push its requests (RFC 9126).",
            redirect_uri=asked.redirect_uri,
            state=asked.state,
        )
    return asked


def client_of(query: QueryDict) -> Client:
    """Return the client that a request names."""
    named = query.getlist("client_id")
    if len(named) != 1 or not named[0]:
        raise Refused("invalid_request", "The request needs one client_id.")
    known = Client.objects.select_related(*captions.NEEDED)
    found = known.filter(client_id=named[0]).first() if named[0].isprintable() else None
    if found is None:
        raise Refused("invalid_request", "No client has this client_id.")
    return found


def auth_time(request: HttpRequest) -> datetime:
    """Return when the person at this browser last proved who they are."""
    records = cast("list[dict[str, Any]]", get_authentication_records(request, request.user))
    if records:
        return datetime.fromtimestamp(max(record["at"] for record in records), UTC)
    return cast("User", request.user).last_login or clock.real()


def is_overdue(request: HttpRequest, asked: AuthorizationRequest) -> bool:
    """Tell whether the client wants a newer sign-in than there is."""
    since = auth_time(request)
    wanted = "login" in asked.prompt
    if asked.max_age is not None:
        wanted = wanted or clock.real() - since > timedelta(seconds=asked.max_age)
    if not wanted:
        return False
    first = _kept(request, ASKED).get(_name(request))
    if first is None or since.timestamp() < first:
        return True
    return bool(clock.real().timestamp() - first > PATIENCE.total_seconds())


def is_expected(user: User, asked: AuthorizationRequest) -> bool:
    """Tell whether ``user`` is whom the request's ``id_token_hint`` names, if it names anybody."""
    if not asked.id_token_hint:
        return True
    try:
        hint = signing.verify(asked.id_token_hint, typ="JWT", expired=True)
    except ValueError:
        return False
    return hint.get("aud") == asked.client.client_id and hint.get("sub") == user.pk


def sign_in(request: HttpRequest, asked: AuthorizationRequest) -> HttpResponse:
    """Let the person sign in, and come back with the same request."""
    _keep(request, ASKED, _name(request), clock.real().timestamp())
    return redirect(_back(request, "account_login"))


def sign_in_again(request: HttpRequest, asked: AuthorizationRequest) -> HttpResponse:
    """Let the person prove once more who they are, and come back with the same request."""
    if not get_reauthentication_flows(request.user):
        # They have nothing to prove it with but a new sign-in, which ends this session. A link
        # from anywhere leads here, so they say so themselves.
        context = {"client": asked.client, "action": decision(request)}
        page = render(request, "portal/authorize/again.html", context)
        return let_form_lead_to(page, asked.redirect_uri)
    _keep(request, ASKED, _name(request), clock.real().timestamp())
    return redirect(_back(request, "account_reauthenticate"))


def switch(request: HttpRequest) -> HttpResponse:
    """Sign out, let somebody else sign in, and come back with the same request."""
    parked = _kept(request, PARKED)
    logout(request)
    request.session[PARKED] = parked
    _keep(request, ASKED, _name(request), clock.real().timestamp())
    return redirect(_back(request, "account_login"))


def decision(request: HttpRequest) -> str:
    """Return where the answer to this request is sent."""
    return f"{reverse('portal:authorize-decide')}?{request.GET.urlencode()}"


def finish(request: HttpRequest) -> None:
    """Forget what was kept for this request: the next one asks anew."""
    for shelf, name in ((PARKED, request.GET.get("request_uri", "")), (ASKED, _name(request))):
        kept = _kept(request, shelf)
        if kept.pop(name, None) is not None:
            request.session[shelf] = kept


def leave(request: HttpRequest, url: str, *, client: Client) -> HttpResponse:
    """Send the browser to the client.

    Chromium applies the form-action of the page whose form began a chain of redirects, so a sign-in
    form could not end at a client: there a page moves on by itself instead. The form on the consent
    page names the client's origin in its own policy and needs no such page.
    """
    if request.method != "POST" and request.headers.get("Sec-Fetch-Site") == "same-origin":
        return render(request, "portal/authorize/leave.html", {"url": url, "client": client})
    return HttpResponse(status=303, headers={"Location": url})


def let_form_lead_to(response: HttpResponse, redirect_uri: str) -> HttpResponse:
    """Let the form of this one page end at the client."""
    update = {"form-action": [redirects.source(redirect_uri)]}
    response._csp_update = update  # type: ignore[attr-defined]  # noqa: SLF001 - django-csp's own way
    return response


def _pushed(request: HttpRequest, client: Client) -> QueryDict:
    uri = request.GET["request_uri"]
    parked = _kept(request, PARKED).get(uri)
    if parked is not None and (query := QueryDict(parked)).get("client_id") == client.client_id:
        return query
    taken = pushed.take(uri, client.client_id)
    if taken is None:
        raise Refused("invalid_request_uri", "This request_uri is unknown, used, or too old.")
    _keep(request, PARKED, uri, taken.urlencode())
    return taken


def _name(request: HttpRequest) -> str:
    return hashlib.sha256(request.GET.urlencode().encode()).hexdigest()[:32]


def _kept(request: HttpRequest, shelf: str) -> dict[str, Any]:
    return dict(request.session.get(shelf) or {})


def _keep(request: HttpRequest, shelf: str, name: str, value: object) -> None:
    kept = _kept(request, shelf)
    kept.pop(name, None)
    kept[name] = value
    request.session[shelf] = dict(list(kept.items())[-KEPT:])


def _back(request: HttpRequest, name: str) -> str:
    """Return the address of a page that leads back to this request."""
    here = f"{reverse('portal:authorize')}?{request.GET.urlencode()}"
    return f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: here})}"
