"""The request log, and one request with the decisions about it."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from apps.usage import selectors as usage
from portal import samples
from portal.explaining import explain
from portal.forms.log import LogFilter
from portal.request import PortalRequest, mode_of
from portal.views.explain import found, is_soon


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
    row = found(request, request_id)
    if row is None:
        return _perhaps_soon(request, request_id)
    call = samples.repeat(row.method, f"{settings.API_URL}{row.path}")
    context = {"row": row, "explained": explain(request, row), "call": call}
    return render(request, "portal/logs/detail.html", context)


def _perhaps_soon(request: HttpRequest, request_id: str) -> HttpResponse:
    """Answer 404; for an identifier that is seconds old, with a page that looks again."""
    if not is_soon(request_id):
        raise Http404
    answer = render(request, "portal/logs/soon.html", status=404)
    answer["Refresh"] = "1"
    return answer
