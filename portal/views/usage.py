"""Usage by day, operation, key and status, as pages and as CSV, next to the limits."""

import csv
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.applications.models import Application
from apps.core.sheets import plain
from apps.usage import selectors as usage
from portal.request import PortalRequest, mode_of

RANGES: Final = (7, 30, 90)
USUAL: Final = 30


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """Show the chart, three tables and the limits of one application."""
    chosen, application, applications = _chosen(request)
    limited = application or (applications[0] if applications else None)
    context = {
        "days": usage.per_day(chosen),
        "totals": usage.totals(chosen),
        "operations": usage.by_operation(chosen),
        "keys": usage.by_key(chosen),
        "statuses": usage.by_status(chosen),
        "limits": usage.limits_of(limited) if limited else [],
        "limited": limited,
        "applications": applications,
        "chosen": application,
        "range": chosen.days,
        "ranges": RANGES,
        "query": request.GET.urlencode(),
        "ending": usage.still_used(request.user),
    }
    return render(request, "portal/usage/index.html", context)


@login_required
@require_safe
def table(request: PortalRequest) -> HttpResponse:
    """Answer with one of the tables as CSV; ``by`` is day, operation, key or status."""
    chosen, _, _ = _chosen(request)
    by = request.GET.get("by", "day")
    if by not in {"day", "operation", "key", "status"}:
        raise Http404
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="usage-by-{by}.csv"'
    writer = csv.writer(answer)
    writer.writerows(_days(chosen) if by == "day" else _shares(chosen, by))
    return answer


def _chosen(
    request: PortalRequest,
) -> tuple[usage.Selection, Application | None, list[Application]]:
    """Return what is asked for, the one application if it is one, and those to choose from."""
    applications = list(Application.objects.visible_to(request.user).order_by("pk"))
    asked = request.GET.get("application", "")
    application = next((found for found in applications if found.pk == asked), None)
    if asked and application is None:
        raise Http404
    asked_days = request.GET.get("days", "")
    known = next((days for days in RANGES if str(days) == asked_days), USUAL)
    live = mode_of(request) == "live"
    chosen = usage.select(request.user, days=known, livemode=live, application=application)
    return chosen, application, applications


def _days(chosen: usage.Selection) -> Iterator[tuple[Any, ...]]:
    yield "date", "requests", "ok", "client_errors", "server_errors"
    for day in usage.per_day(chosen):
        yield day.date, day.requests, day.ok, day.client_errors, day.server_errors


def _shares(chosen: usage.Selection, by: str) -> Iterator[tuple[Any, ...]]:
    ask = {"operation": usage.by_operation, "key": usage.by_key, "status": usage.by_status}[by]
    yield by, "requests", "errors", "p95_ms"
    for share in ask(chosen):
        yield plain(share.label), share.requests, share.errors, share.p95_ms
