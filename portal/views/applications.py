"""Applications: list, make, describe, and ask for review."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.applications import presenting, scopes
from apps.applications import services as applications
from apps.applications.models import Application
from apps.keys import services as keys
from apps.keys.models import Key
from apps.onboarding import services as onboarding
from apps.plans.limits import parse
from apps.tenants.models import Tenant
from apps.usage import selectors as usage
from portal.forms.application import ApplicationForm
from portal.forms.scopes import AskedForm
from portal.request import PortalRequest, organization_of

SHOWN = 200
SUBMITTABLE = applications.RESUBMITTABLE


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List the applications with how many keys work."""
    mine = Application.objects.visible_to(request.user).select_related(
        "subscription__version__plan"
    )
    working = Count("keys", filter=Q(keys__revoked_at=None), distinct=True)
    rows = mine.annotate(working_keys=working).order_by("-pk")[:SHOWN]
    return render(request, "portal/applications/index.html", {"applications": rows})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """Make an application on the default plan."""
    organization = organization_of(request)
    if organization is None:
        messages.warning(request, _("You belong to no organization yet."))
        return redirect("portal:overview")
    form = ApplicationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = onboarding.new_application(organization, **form.cleaned_data, actor=request.user)
        messages.success(request, _("%(name)s is ready for its first key.") % {"name": made})
        return redirect("portal:applications-detail", made.pk)
    return render(request, "portal/applications/new.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: PortalRequest, application_id: str) -> HttpResponse:
    """Show an application: status, description, keys and limits; POST changes the description."""
    application = _mine(request, application_id)
    form = ApplicationForm(request.POST or None, instance=application)
    if request.method == "POST" and form.is_valid():
        applications.change(application, **form.cleaned_data, actor=request.user)
        messages.success(request, _("Saved."))
        return redirect("portal:applications-detail", application.pk)
    shown = Key.objects.visible_to(request.user).lasting().filter(application=application)
    subscription = getattr(application, "subscription", None)
    context = {
        "application": application,
        "form": form,
        "keys": shown.select_related("tenant")[:5],
        "steps": _steps(application),
        "subscription": subscription,
        "policies": parse(subscription.version.limits) if subscription else (),
        "submittable": application.state in SUBMITTABLE,
        "changes": presenting.changes(application),
        "waiting": presenting.is_waiting(application),
        "ending": usage.still_used(request.user, of=[application]),
    }
    return render(request, "portal/applications/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: PortalRequest, application_id: str) -> HttpResponse:
    """Ask for review: a page that asks once, with the scopes it is about, and the act."""
    application = _mine(request, application_id)
    answer = request.POST if request.method == "POST" else None
    form = AskedForm(answer, application=application)
    if form.is_valid():
        with transaction.atomic():
            if words := form.cleaned_data.get("description"):
                _describe(request, application, words)
            applications.submit(application, actor=request.user)
            scopes.ask(application, scopes=form.cleaned_data["scopes"], actor=request.user)
        messages.success(request, _("Submitted. You will hear from a reviewer by mail."))
        return redirect("portal:applications-detail", application.pk)
    if application.state not in SUBMITTABLE:
        messages.warning(request, _("%(name)s cannot be submitted now.") % {"name": application})
        return redirect("portal:applications-detail", application.pk)
    context = {"application": application, "form": form}
    return render(request, "portal/applications/submit.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_keys(request: PortalRequest, application_id: str) -> HttpResponse:
    """Close every working key of an application: a page that asks once, and the act."""
    application = _mine(request, application_id)
    working = Key.objects.visible_to(request.user).usable().filter(application=application)
    if request.method != "POST":
        context = {"application": application, "working": working.count()}
        return render(request, "portal/applications/revoke_keys.html", context)
    with transaction.atomic():
        for key in working.select_related("application"):
            keys.revoke(key, reason="all keys of the application", actor=request.user)
    messages.success(request, _("Every key of %(name)s is revoked.") % {"name": application})
    return redirect("portal:applications-detail", application.pk)


def _describe(request: PortalRequest, application: Application, words: str) -> None:
    said = {"name": application.name, "homepage": application.homepage}
    applications.change(application, **said, description=words, actor=request.user)


def _steps(application: Application) -> list[dict[str, object]]:
    """Return the way to live traffic: what is done, and which step is next; none while stopped."""
    state = Application.State
    if application.state == state.SUSPENDED:
        return []
    asked = application.state in {state.SUBMITTED, state.APPROVED}
    approved = application.state == state.APPROVED
    live = application.keys.usable().filter(tenant__kind=Tenant.Kind.LIVE).exists()
    return [
        {"title": _("Build against your sandbox"), "done": True, "now": False},
        {"title": _("Submit for review"), "done": asked, "now": not asked},
        {"title": _("A reviewer approves it"), "done": approved, "now": asked and not approved},
        {"title": _("Create a live key"), "done": live, "now": approved and not live},
    ]


def _mine(request: PortalRequest, application_id: str) -> Application:
    mine = Application.objects.visible_to(request.user)
    return get_object_or_404(mine.select_related("subscription__version__plan"), pk=application_id)
