"""The overview: how the last 30 days went, and what came in just now."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.applications.models import Application
from apps.plans import notices
from apps.usage import selectors as usage
from portal.request import PortalRequest, mode_of
from portal.templatetags.ui import duration, percent

DAYS = 30
RECENT = 8
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with how it changed; ``good`` says whether a change is welcome."""

    title: str
    value: str
    glyph: str
    change: str = ""
    good: bool = True


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """Show figures, the chart and the newest requests of the environment."""
    live = mode_of(request) == "live"
    chosen = usage.select(request.user, days=DAYS, livemode=live)
    totals = usage.totals(chosen)
    recent = usage.requests(request.user, livemode=live, limit=RECENT)
    context = {
        "figures": _figures(totals),
        "days": usage.per_day(chosen),
        "totals": totals,
        "recent": recent.rows,
        "ending": usage.still_used(request.user),
        "notices": notices.of(
            Application.objects.visible_to(request.user).values_list("pk", flat=True)
        ),
    }
    return render(request, "portal/overview/index.html", context)


def _figures(totals: usage.Totals) -> list[Figure]:
    before = totals.previous
    rate, change = totals.error_rate, ""
    if before and before.requests and totals.requests:
        change = _signed(100 * (rate - before.error_rate), " pt")
    return [
        Figure(
            _("Requests"),
            f"{totals.requests:,}",
            "activity",
            _relative(totals.requests, before.requests if before else None),
        ),
        Figure(
            _("Error rate"),
            percent(rate) if totals.requests else "—",
            "triangle-alert",
            change,
            good=not before or rate <= before.error_rate,
        ),
        _latency(_("Median latency"), "gauge", totals.p50_ms, before.p50_ms if before else None),
        _latency(_("95th percentile"), "timer", totals.p95_ms, before.p95_ms if before else None),
    ]


def _latency(title: str, glyph: str, now: float | None, before: float | None) -> Figure:
    faster = now is None or before is None or now <= before
    return Figure(title, duration(now), glyph, _relative(now, before), good=faster)


def _relative(now: float | None, before: float | None) -> str:
    return _signed(100 * (now - before) / before, " %") if now and before else ""


def _signed(change: float, unit: str) -> str:
    return f"{change:+.1f}{unit}".replace("-", MINUS)
