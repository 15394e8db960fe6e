"""An application's plan: every limit with what is left, its history, and asking for another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from apps.applications.models import Application
from apps.core import clock
from apps.core.errors import Problem
from apps.events.models import Event
from apps.plans import changes, limits, notices, standing
from apps.plans.limits import Policy
from apps.plans.models import ChangeRequest, Plan
from apps.plans.standing import Standing
from portal.forms.plan import PlanForm
from portal.forms.refusing import refuse
from portal.request import PortalRequest
from portal.views.clients import application_of

HISTORY = 12
WORDS: Final = {
    "plan.subscribed": gettext_lazy("Put on the plan"),
    "plan.overridden": gettext_lazy("Given other limits until"),
    "plan.override_ended": gettext_lazy("Other limits ended"),
    "plan.requested": gettext_lazy("Asked for the plan"),
    "plan.request_withdrawn": gettext_lazy("No longer asked for the plan"),
    "plan.request_approved": gettext_lazy("Approved for the plan"),
    "plan.request_declined": gettext_lazy("Declined for the plan"),
    "quota.nearing": gettext_lazy("80 % used of the quota"),
    "quota.reached": gettext_lazy("Used up: the quota"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One limit as the page shows it; ``seconds`` until a rate that is used is whole again."""

    standing: Standing
    seconds: int = 0

    @property
    def policy(self) -> Policy:
        """Return the limit itself."""
        return self.standing.policy


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that may be asked for, and what it allows."""

    plan: Plan
    policies: tuple[Policy, ...]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PortalRequest, application_id: str) -> HttpResponse:
    """Show the limits, live; POST asks for another plan."""
    application = application_of(request, application_id)
    if request.htmx and request.method != "POST":
        return render(request, "portal/plans/_limits.html", _limits(application))
    held = standing.held(application.pk)
    own = held.subscription.version.plan_id if held.subscription else ""
    offered = Plan.objects.filter(is_public=True).exclude(pk=own).order_by("pk")
    form = PlanForm(request.POST or None, plans=offered)
    if request.method == "POST" and form.is_valid() and _ask(request, application, form):
        messages.success(request, _("Asked. You will hear of the decision by mail."))
        return redirect("portal:applications-limits", application.pk)
    waiting = application.plan_requests.filter(state=ChangeRequest.State.WAITING)
    context = {
        **_limits(application),
        "held": held,
        "form": form,
        "offers": [Offer(plan, _allowed(plan)) for plan in offered.prefetch_related("versions")],
        "waiting": waiting.select_related("plan").first(),
        "notices": notices.of([application.pk]),
        "history": _history(application),
    }
    return render(request, "portal/plans/limits.html", context)


@login_required
@require_POST
def withdraw(request: PortalRequest, application_id: str) -> HttpResponse:
    """Ask for no other plan any more."""
    application = application_of(request, application_id)
    waiting = application.plan_requests.filter(state=ChangeRequest.State.WAITING)
    try:
        changes.withdraw(get_object_or_404(waiting), actor=request.user)
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, _("Withdrawn."))
    return redirect("portal:applications-limits", application.pk)


def _ask(request: PortalRequest, application: Application, form: PlanForm) -> bool:
    try:
        changes.request(application, **form.cleaned_data, actor=request.user)
    except Problem as problem:
        refuse(form, problem)
        return False
    return True


def _limits(application: Application) -> dict[str, object]:
    now = clock.real()
    rows = [
        Row(one, max(1, round((one.resets_at - now).total_seconds())) if one.resets_at else 0)
        for one in standing.standings(application)
    ]
    return {"application": application, "rows": rows, "now": now}


def _allowed(plan: Plan) -> tuple[Policy, ...]:
    return limits.parse(newest.limits) if (newest := plan.newest) else ()


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _history(application: Application) -> list[dict[str, object]]:
    """Return what happened to the plan, newest first."""
    found = Event.objects.filter(
        organization=application.organization_id, application=application.pk, type__in=WORDS
    ).order_by("-id")[:HISTORY]
    return [
        {
            "at": event.occurred_at,
            "words": WORDS[event.type],
            "what": event.data.get("plan") or event.data.get("limit") or "",
            "until": _moment(event.data.get("ends_at", "")),
            "reason": event.data.get("reason", ""),
            "type": event.type,
        }
        for event in found
    ]
