"""Where a client sends people who sign out there, to sign out here too (OpenID Connect)."""

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.oauth import sessions
from apps.oauth.end_session import LogoutRequest, Refused, read
from portal import authorizing


@csrf_exempt  # A client may send its request as a form (OpenID Connect RP-Initiated Logout, 2).
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out at once where an ID token vouches for the request; otherwise ask the person."""
    if request.method == "POST":  # It changes nothing: cookies come with the request it becomes.
        address = f"{reverse('portal:sign-out')}?{request.POST.urlencode()}"
        return HttpResponse(status=303, headers={"Location": address})
    try:
        asked = read(request.GET)
    except Refused as why:
        wrong = {"error": "invalid_request", "description": str(why)}
        return render(request, "portal/authorize/refused.html", wrong, status=400)
    user = request.user
    if not isinstance(user, User):
        return _done(request, asked)
    if asked.speaks_of(user.pk, sessions.sid_in(request.session)):
        return _end(request, asked)
    action = f"{reverse('portal:sign-out-confirm')}?{request.GET.urlencode()}"
    context = {"client": asked.client, "action": action}
    page = render(request, "portal/authorize/sign_out.html", context)
    return authorizing.let_form_lead_to(page, asked.return_to) if asked.return_to else page


@never_cache
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Sign out, now that the person said so."""
    try:
        return _end(request, read(request.GET))
    except Refused:
        return redirect(f"{reverse('portal:sign-out')}?{request.GET.urlencode()}")


@transaction.atomic
def _end(request: HttpRequest, asked: LogoutRequest) -> HttpResponse:
    logout(request)
    return _done(request, asked)


def _done(request: HttpRequest, asked: LogoutRequest) -> HttpResponse:
    if asked.return_to:
        return HttpResponse(status=303, headers={"Location": asked.return_to})
    return render(request, "portal/authorize/signed_out.html", {"client": asked.client})
