"""The page that an invitation's mail leads to."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.core.errors import Problem
from apps.onboarding import invitations
from portal.request import ORGANIZATION

INVITED: Final = "invitation"  # the session's name for the token of who signs up with it


@never_cache
@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites whom to what; a stranger signs in or signs up, and comes back."""
    invitation = invitations.find(token)
    context = {"invitation": invitation, "token": token}
    if isinstance(request.user, User):
        try:
            invitations.check(invitation, request.user)
        except Problem as problem:
            return _refused(request, context, problem)
        return render(request, "portal/invitations/show.html", context)
    if invitation.state == "open":
        request.session[INVITED] = token
    else:
        invitations.check(invitation, User(email=invitation.email))
    return render(request, "portal/invitations/show.html", context)


@never_cache
@require_POST
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Join, and look at the organization from now on."""
    if not isinstance(request.user, User):
        return redirect("portal:invitation", token)
    invitation = invitations.find(token)
    try:
        membership = invitations.accept(invitation, actor=request.user)
    except Problem as problem:
        return _refused(request, {"invitation": invitation, "token": token}, problem)
    request.session.pop(INVITED, None)
    request.session[ORGANIZATION] = membership.organization_id
    messages.success(request, _("Welcome to %(name)s.") % {"name": invitation.organization})
    return redirect("portal:overview")


def join_after_sign_up(request: HttpRequest, person: User) -> None:
    """Join with the invitation that led here; an organization of one's own is made otherwise."""
    token = request.session.pop(INVITED, None)
    if token is None or person.memberships.exists():
        return
    try:
        membership = invitations.accept(invitations.find(token), actor=person)
    except Problem as problem:
        messages.warning(request, problem.detail)
    else:
        request.session[ORGANIZATION] = membership.organization_id
        welcome = {"name": membership.organization, "role": membership.get_role_display()}
        messages.success(request, _("Welcome to %(name)s. Your role: %(role)s.") % welcome)


def _refused(request: HttpRequest, context: dict[str, object], problem: Problem) -> HttpResponse:
    page = "portal/invitations/refused.html"
    return render(request, page, context | {"problem": problem}, status=int(problem.status))
