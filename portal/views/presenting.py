"""How an application presents itself to end users: its logo, and what it asks for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.applications import logos, scopes
from apps.core.errors import Problem
from portal.forms.refusing import refuse
from portal.forms.scopes import ScopesForm
from portal.request import PortalRequest
from portal.views.clients import application_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def requested_scopes(request: PortalRequest, application_id: str) -> HttpResponse:
    """Say what the application asks for, and what people may leave out."""
    application = application_of(request, application_id)
    form = ScopesForm(request.POST or None, application=application)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            scopes.ask(
                application,
                scopes=wanted["scopes"],
                optional=wanted["optional"],
                actor=request.user,
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            messages.success(request, _("Saved."))
            return redirect("portal:applications-detail", application.pk)
    waiting = set(application.requested_scopes).difference(application.approved_scopes)
    context = {"application": application, "form": form, "waiting": sorted(waiting)}
    return render(request, "portal/applications/scopes.html", context)


@login_required
@require_POST
def logo(request: PortalRequest, application_id: str) -> HttpResponse:
    """Take a picture as the logo, or take the logo away."""
    application = application_of(request, application_id)
    upload = request.FILES.get("logo")
    if request.POST.get("remove"):
        logos.remove(application, actor=request.user)
    elif upload is None:
        messages.warning(request, _("Choose a picture first."))
    else:
        try:
            logos.change(application, upload=upload.read(logos.UPLOAD + 1), actor=request.user)
        except Problem as problem:
            messages.error(request, problem.detail)
    return redirect("portal:applications-oauth", application.pk)
