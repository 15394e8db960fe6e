"""The page that every refusal points to: what was decided about a request, and what mends it."""

from typing import Final, cast

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core import clock, ids
from apps.core.staff import proven
from apps.orgs import permissions
from apps.orgs.models import Membership
from apps.usage import explanation
from apps.usage import selectors as usage
from portal.explaining import explain
from portal.request import PortalRequest, membership_of

SOON: Final = 10  # seconds in which a request may be on its way into the log
JSON: Final = "application/json"


@require_safe
@never_cache
def show(request: HttpRequest, request_id: str) -> HttpResponse:
    """Explain a request to its people; everybody else reads the same words about any request."""
    if not request.user.is_authenticated:
        return _stranger(request, request_id, 200)
    asking = cast("PortalRequest", request)
    row = found(asking, request_id) or _elsewhere(asking, request_id)
    if row is None:
        return _not_here(asking, request_id)
    if asking.htmx:  # The page waited for this: it loads itself anew.
        return HttpResponse(status=200, headers={"HX-Refresh": "true"})
    if asking.get_preferred_type(["text/html", JSON]) == JSON:
        answer: HttpResponse = JsonResponse(explanation.shape(row))
    else:
        membership = membership_of(asking)
        here = membership.organization_id if membership else None
        context = {
            "request_id": request_id,
            "explained": explain(asking, row),
            "elsewhere": _place(asking, row) if row.organization_id != here else None,
        }
        answer = render(asking, "portal/logs/explained.html", context)
    patch_vary_headers(answer, ["Accept"])
    return answer


def found(request: PortalRequest, request_id: str) -> usage.RequestRow | None:
    """Return the request; others' only to staff who could enter the admin as well."""
    staff = request.user.is_staff and proven(request)
    row = usage.request(request.user, request_id, own=not staff)
    return row if row and (staff or _may_read(request, row)) else None


def is_soon(request_id: str) -> bool:
    """Tell whether a request is so new that it may be on its way; 404 for what is no request."""
    try:
        prefix, value = ids.decode(request_id)
    except ValueError as error:
        raise Http404 from error
    made = (value.int >> 80) / 1000
    return prefix == "req" and abs(clock.real().timestamp() - made) <= SOON


def _elsewhere(request: PortalRequest, request_id: str) -> usage.RequestRow | None:
    """Return the request of another of one's organizations: its address was sent by its API."""
    here, request.user.acting_in = request.user.acting_in, None
    try:
        row = usage.request(request.user, request_id, own=True)
    finally:
        request.user.acting_in = here
    return row if row and _may_read(request, row) else None


def _may_read(request: PortalRequest, row: usage.RequestRow) -> bool:
    place = _place(request, row)
    return permissions.may(place.role if place else None, "log.read")


def _place(request: PortalRequest, row: usage.RequestRow) -> Membership | None:
    mine = Membership.objects.filter(user=request.user, organization=row.organization_id)
    return mine.select_related("organization").first()


def _not_here(request: PortalRequest, request_id: str) -> HttpResponse:
    soon = is_soon(request_id)
    if request.htmx:  # Nothing to swap yet; or no more to wait for.
        return HttpResponse(status=204, headers={} if soon else {"HX-Refresh": "true"})
    if request.get_preferred_type(["text/html", JSON]) == JSON:
        raise Http404
    return _stranger(request, request_id, 404, soon=soon)


def _stranger(
    request: HttpRequest, request_id: str, status: int, *, soon: bool = False
) -> HttpResponse:
    context = {"request_id": request_id, "soon": soon}
    return render(request, "portal/logs/explain.html", context, status=status)
