"""Usage by day, operation, key and status, as pages and as CSV, next to the limits."""

import csv
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.applications.models import Application
from apps.usage import selectors as usage
from portal.request import PortalRequest, mode_of

RANGES: Final = (7, 30, 90)
USUAL: Final = 30
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # How spreadsheets recognise a formula.


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """Show the chart, three tables and the limits of one application."""
    wanted, applications = _wanted(request)
    chosen = wanted["application"]
    limited = chosen or (applications[0] if applications else None)
    context = {
        "days": usage.per_day(request.user, **wanted),
        "totals": usage.totals(request.user, **wanted),
        "operations": usage.by_operation(request.user, **wanted),
        "keys": usage.by_key(request.user, **wanted),
        "statuses": usage.by_status(request.user, **wanted),
        "limits": usage.limits_of(limited) if limited else [],
        "limited": limited,
        "applications": applications,
        "chosen": chosen,
        "range": wanted["days"],
        "ranges": RANGES,
        "query": request.GET.urlencode(),
    }
    return render(request, "portal/usage/index.html", context)


@login_required
@require_safe
def table(request: PortalRequest) -> HttpResponse:
    """Answer with one of the tables as CSV; ``by`` is day, operation, key or status."""
    wanted, _ = _wanted(request)
    by = request.GET.get("by", "day")
    if by not in {"day", "operation", "key", "status"}:
        raise Http404
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="usage-by-{by}.csv"'
    writer = csv.writer(answer)
    writer.writerows(_days(request, wanted) if by == "day" else _shares(request, by, wanted))
    return answer


def _wanted(request: PortalRequest) -> tuple[dict[str, Any], list[Application]]:
    """Return the arguments of the selectors, and the applications to choose from."""
    applications = list(Application.objects.visible_to(request.user).order_by("pk"))
    asked = request.GET.get("application", "")
    chosen = next((found for found in applications if found.pk == asked), None)
    if asked and chosen is None:
        raise Http404
    asked_days = request.GET.get("days", "")
    known = next((days for days in RANGES if str(days) == asked_days), USUAL)
    live = mode_of(request) == "live"
    return {"days": known, "livemode": live, "application": chosen}, applications


def _days(request: PortalRequest, wanted: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    yield "date", "requests", "ok", "client_errors", "server_errors"
    for day in usage.per_day(request.user, **wanted):
        yield day.date, day.requests, day.ok, day.client_errors, day.server_errors


def _shares(request: PortalRequest, by: str, wanted: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    ask = {"operation": usage.by_operation, "key": usage.by_key, "status": usage.by_status}[by]
    yield by, "requests", "errors", "p95_ms"
    for share in ask(request.user, **wanted):
        label = f"'{share.label}" if share.label.startswith(FORMULA) else share.label
        yield label, share.requests, share.errors, share.p95_ms
