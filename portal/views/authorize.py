"""Where an end user lets an application act for them (OAuth 2.1, OpenID Connect)."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.oauth import consents, sessions
from apps.oauth.authorization import AuthorizationRequest, Refused, answer, issue_code
from portal import authorizing, consenting


@csrf_exempt  # A client may send its request as a form (OpenID Connect Core, 3.1.2.1).
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Answer at once where nothing is left to ask; otherwise sign in, or ask for consent."""
    if request.method == "POST":  # It changes nothing: cookies come with the request it becomes.
        address = f"{reverse('portal:authorize')}?{request.POST.urlencode()}"
        return HttpResponse(status=303, headers={"Location": address})
    try:
        asked = authorizing.read(request)
        return _silent(request, asked) if "none" in asked.prompt else _ask(request, asked)
    except Refused as refused:
        return refuse(request, refused)


@never_cache
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Take the answer that was given on the consent page."""
    try:
        asked = authorizing.read(request)
    except Refused as refused:
        return refuse(request, refused)
    user, decision = request.user, request.POST.get("decision")
    if isinstance(user, User) and decision == "switch":
        return authorizing.switch(request)
    if isinstance(user, User) and decision == "deny":
        authorizing.finish(request)
        denied = asked.answer(error="access_denied", error_description="The end user refused.")
        return authorizing.leave(request, denied, client=asked.client)
    if not isinstance(user, User) or authorizing.is_overdue(request, asked):
        return _ask(request, asked)
    choice = consenting.chosen(request.POST, asked.client, asked.scopes, user)
    if choice is None:  # somebody else is signed in by now, or the tenant is gone
        return redirect(f"{reverse('portal:authorize')}?{request.GET.urlencode()}")
    with transaction.atomic():  # A test user who is being removed goes before both, or after.
        consents.give(
            asked.client,
            user=choice.user,
            tenant=choice.tenant,
            scopes=choice.scopes,
            declined=choice.declined,
            actor=user,
        )
        return _accept(request, asked, choice)


def refuse(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Tell the client what is wrong with its request, or the reader where that is not safe."""
    if not refused.redirect_uri:
        context = {"error": refused.error, "description": refused.description}
        return render(request, "portal/authorize/refused.html", context, status=400)
    url = answer(
        refused.redirect_uri,
        state=refused.state or "",
        error=str(refused.error),
        error_description=refused.description,
    )
    return HttpResponse(status=303, headers={"Location": url})


def _silent(request: HttpRequest, asked: AuthorizationRequest) -> HttpResponse:
    """Answer ``prompt=none``: no page may appear."""
    user = request.user
    if (
        not isinstance(user, User)
        or authorizing.is_overdue(request, asked)
        or not authorizing.is_expected(user, asked)
    ):
        raise _error(asked, "login_required", "Nobody has signed in, or not recently enough.")
    consent = None if consents.asks_always(asked) else consents.standing(asked, user)
    if consent is None:
        raise _error(asked, "consent_required", "The end user has to be asked.")
    return _accept(request, asked, consenting.repeated(consent, asked))


def _ask(request: HttpRequest, asked: AuthorizationRequest) -> HttpResponse:
    user = request.user
    if not isinstance(user, User):
        return authorizing.sign_in(request, asked)
    if authorizing.is_overdue(request, asked):
        return authorizing.sign_in_again(request, asked)
    stands = authorizing.is_expected(user, asked) and not consents.asks_always(asked)
    consent = consents.standing(asked, user) if stands else None
    if consent is not None:
        return _accept(request, asked, consenting.repeated(consent, asked))
    context = consenting.page(asked.client, asked.scopes, user, tenant=asked.tenant) | {
        "asked": asked,
        "action": authorizing.decision(request),
        "wanted": asked.login_hint if asked.login_hint.lower() != user.email else "",
    }
    shown = render(request, "portal/authorize/consent.html", context)
    return authorizing.let_form_lead_to(shown, asked.redirect_uri)


def _accept(
    request: HttpRequest, asked: AuthorizationRequest, choice: consenting.Choice
) -> HttpResponse:
    code = issue_code(
        asked,
        user=choice.user,
        tenant=choice.tenant,
        scopes=choice.scopes,
        auth_time=authorizing.auth_time(request),
        sid=sessions.sid(request) if choice.answered_by is None else "",
        answered_by=choice.answered_by,
    )
    authorizing.finish(request)
    return authorizing.leave(request, asked.answer(code=code), client=asked.client)


def _error(asked: AuthorizationRequest, error: str, description: str) -> Refused:
    return Refused(error, description, redirect_uri=asked.redirect_uri, state=asked.state)
