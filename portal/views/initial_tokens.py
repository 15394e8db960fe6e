"""Initial access tokens: with one, a program registers OAuth clients of an application itself."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.core.errors import Problem
from apps.oauth import registration
from apps.oauth.models import InitialToken
from portal.forms.client import InitialTokenForm
from portal.request import PortalRequest
from portal.views.clients import application_of

SHOWN = 20


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PortalRequest, application_id: str) -> HttpResponse:
    """List the usable tokens; make one, whose text is shown in the answer only, or revoke one."""
    application = application_of(request, application_id)
    usable = InitialToken.objects.filter(
        application=application, uses_left__gt=0, expires_at__gt=clock.real()
    )
    if revoked := request.POST.get("revoke"):
        token = get_object_or_404(usable.select_related("application"), pk=revoked)
        registration.revoke_initial_token(token, actor=request.user)
        messages.success(request, _("The token is revoked."))
        return redirect("portal:applications-oauth-tokens", application.pk)
    form = InitialTokenForm(request.POST if request.method == "POST" else None)
    context = {"application": application, "form": form}
    if form.is_valid():
        wanted = form.cleaned_data
        expires_at = clock.real() + timedelta(days=int(wanted["days"]))
        try:
            _token, text = registration.issue_initial_token(
                application, uses=wanted["uses"], expires_at=expires_at, actor=request.user
            )
        except Problem as problem:
            messages.error(request, problem.detail)
            return redirect("portal:applications-oauth-tokens", application.pk)
        context |= {"secret": text, "form": InitialTokenForm()}
    context["tokens"] = usable.order_by("-pk")[:SHOWN]
    return render(request, "portal/clients/initial_tokens.html", context)
