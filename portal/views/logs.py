"""The request log, one request with the decisions about it, and the page that errors point to."""

from collections.abc import Iterator
from typing import Any, Final, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core import clock, ids
from apps.core.staff import proven
from apps.usage import selectors as usage
from portal import library, samples
from portal.forms.log import LogFilter
from portal.request import PortalRequest, mode_of

SOON: Final = 10  # seconds in which a request may be on its way into the log
PASSED, FAILED = "passed", "failed"
WORDS: Final = {  # The gateway's name of a decision: what it means when passed, and when failed.
    "path": (_("The address is well formed"), _("The address is not well formed")),
    "credential": (_("A credential came along"), _("No usable credential came along")),
    "known": (_("The credential is known"), _("The credential is not known")),
    "standing": (
        _("The key is valid, and in its own environment"),
        _("The key is not valid here"),
    ),
    "route": (_("An operation answers this address"), _("No operation answers this address")),
    "allowed": (
        _("Application, address and scopes allow it"),
        _("Application, address or scopes do not allow it"),
    ),
    "limit": (_("Within the plan's limits"), _("Beyond one of the plan's limits")),
    "handed_over": (
        _("Handed over to the platform's own data plane"),
        _("Not handed over to the platform's own data plane"),
    ),
    "backend": (_("The backend answered"), _("The backend did not answer")),
}


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """Show the log, newest first; htmx gets the results alone."""
    form = LogFilter(request.GET, user=request.user, mode=mode_of(request))
    page = usage.requests(request.user, **form.wanted(), after=request.GET.get("after"))
    older = request.GET.copy()
    if page.next:
        older["after"] = page.next
    context = {
        "form": form,
        "page": page,
        "older": older.urlencode() if page.next else "",
        "deep": "after" in request.GET,
        "narrowed": form.narrowed(),
    }
    part = request.htmx and not request.htmx.history_restore_request
    template = "portal/logs/_results.html" if part else "portal/logs/index.html"
    answer = render(request, template, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@login_required
@require_safe
def detail(request: PortalRequest, request_id: str) -> HttpResponse:
    """Show one request: what was asked, what was decided, and how to ask again."""
    found = _found(request, request_id)
    if found is None:
        return _perhaps_soon(request, request_id)
    documented = {page.code: page for page in library.errors()}
    call = samples.repeat(found.method, f"{settings.API_URL}{found.path}")
    context = {
        "row": found,
        "steps": [_step(entry) for entry in found.trace or []],
        "error": documented.get(found.code),
        "call": call,
    }
    return render(request, "portal/logs/detail.html", context)


@require_safe
@never_cache
def explain(request: HttpRequest, request_id: str) -> HttpResponse:
    """Lead whoever may see the request to its page; everyone else reads the same words."""
    signed_in = request.user.is_authenticated
    if signed_in and _found(cast("PortalRequest", request), request_id):
        return redirect("portal:logs-detail", request_id)
    context = {"request_id": request_id}
    return render(request, "portal/logs/explain.html", context, status=404 if signed_in else 200)


def _found(request: PortalRequest, request_id: str) -> usage.RequestRow | None:
    """Return the request; others' only to staff who could enter the admin as well."""
    staff = request.user.is_staff and proven(request)
    return usage.request(request.user, request_id, own=not staff)


def _perhaps_soon(request: HttpRequest, request_id: str) -> HttpResponse:
    """Answer 404; for an identifier that is seconds old, with a page that looks again."""
    try:
        made = (ids.decode(request_id)[1].int >> 80) / 1000
    except ValueError as error:
        raise Http404 from error
    if abs(clock.real().timestamp() - made) > SOON:
        raise Http404
    answer = render(request, "portal/logs/soon.html", status=404)
    answer["Refresh"] = "1"
    return answer


def _step(entry: list[Any]) -> dict[str, Any]:
    """Return one decision as the ladder shows it: ``[name, outcome]``, perhaps with values."""
    name, outcome, *values = entry
    passed, failed = WORDS.get(name, (str(name).replace("_", " "),) * 2)
    return {
        "name": failed if outcome == FAILED else passed,
        "values": dict(_flat(values[0])) if values else {},
        "good": outcome == PASSED,
        "bad": outcome == FAILED,
    }


def _flat(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a decision says of itself, without nesting: ``left.burst`` becomes a name."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", said) for inner, said in value.items())
        else:
            yield name, value
