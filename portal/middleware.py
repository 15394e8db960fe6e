"""What holds for every page of the portal."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.models import User
from apps.core.errors import Problem
from apps.orgs import permissions
from portal import mailed, proof, refusals, sessions
from portal.permissions import Entry, entry_of
from portal.request import membership_of

LARGEST: Final = 4 * 1024 * 1024  # bytes: a logo and what comes with it
TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Bounded:
    """Refuses a body that no page asks for before anything reads it: Django keeps files on disk."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap what answers."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Go by the length that is announced: Django reads nothing beyond it."""
        try:
            announced = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:  # Django takes it for nothing, too.
            announced = 0
        if announced > LARGEST:
            return HttpResponse("The body is too large.", "text/plain", TOO_LARGE)
        return self.get_response(request)


class ProblemPages:
    """Shows a page where a view raises a Problem; the APIs have their own way to say it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap what answers."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer with the problem's own status, words and page of documentation."""
        return refusals.of_problem(request, error) if isinstance(error, Problem) else None


class Doors:
    """Opens each page for those whom ``portal.permissions`` names, and shows their organization."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap what answers."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the route is not known yet."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse, or let the view answer."""
        entry = entry_of(request)
        if entry is None or entry.plain:
            return None
        if not isinstance(request.user, User):
            return None if entry.public else redirect_to_login(request.get_full_path())
        sessions.touch(request, request.user)
        membership = membership_of(request)
        request.user.acting_in = membership.organization_id if membership else None
        action = entry.action(request.method)
        if action and not (entry.staff and request.user.is_staff):
            if membership is None:
                # Who runs the platform belongs to none and works in the admin.
                staff = request.user.is_staff
                return redirect("admin:index" if staff else "portal:organizations-new")
            if not permissions.may(membership.role, action):
                return refusals.of_role(request, action)
        return _ask_for_proof(request, entry)


def _ask_for_proof(request: HttpRequest, entry: Entry) -> HttpResponse | None:
    if entry.wants_proof(request.method) and not proof.is_fresh(request):
        return proof.ask(request)
    return mailed.ask(request) if entry.guarded and mailed.is_wanted(request) else None
