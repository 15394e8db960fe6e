"""The admin's first page: what waits for a person, and how the platform does."""

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from apps.applications.models import Application
from apps.core import clock
from apps.notifications.models import Message
from apps.orgs.models import Organization
from apps.usage import selectors as usage

SHOWN = 20
WEEK = timedelta(days=7)
OVERDUE = timedelta(minutes=5)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the signed-in person may see to the page's context."""
    may = request.user.has_perm
    now = clock.real()
    if may("applications.view_application"):
        known = Application.objects.select_related("organization").order_by("pk")
        changed = Application.objects.changed_since_review().values("pk")
        waits = Q(state=Application.State.SUBMITTED) | Q(pk__in=changed)
        context["waiting"] = known.filter(waits)[:SHOWN]
        context["suspended"] = known.filter(state=Application.State.SUSPENDED)[:SHOWN]
    if may("usage.view_request"):
        context["today"] = usage.platform(days=1)
    if may("orgs.view_organization"):
        context["newcomers"] = Organization.objects.filter(created_at__gte=now - WEEK).count()
    if may("notifications.view_message"):
        late = Message.objects.filter(sent_at=None, queued_at__lte=now - OVERDUE)
        context["unsent"] = late.count()
    return context
