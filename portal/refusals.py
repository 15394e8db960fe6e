"""Pages that say no, and why: the wrong role, or anything else that a service refuses."""

import sys
from http import HTTPStatus
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from apps.core import outage
from apps.core.errors import Problem
from apps.orgs import permissions
from apps.orgs.errors import RoleMissing
from portal import proof
from portal.request import may, membership_of


class Environment(Protocol):
    """A tenant, or an OAuth client: something of live data or of a sandbox."""

    @property
    def livemode(self) -> bool:
        """Tell whether real things happen there."""


def of_role(request: HttpRequest, action: str) -> HttpResponse:
    """Show who may do what this person's role does not allow."""
    membership = membership_of(request)
    words = {
        "role": membership.get_role_display().lower() if membership else "",
        "organization": membership.organization.name if membership else "",
        "roles": permissions.those_who_may(action),
    }
    said = _("You are %(role)s in %(organization)s. This takes %(roles)s.") % words
    return of_problem(request, RoleMissing(said))


def of_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Return the page of a problem."""
    return render(request, "portal/problem.html", {"problem": problem}, status=int(problem.status))


def of_crash(request: HttpRequest) -> HttpResponse:
    """Return the page of what no view foresaw: 503 while PostgreSQL is away, otherwise 500.

    Neither page asks the database for anything.
    """
    if not outage.is_lost(sys.exception()):
        return server_error(request)
    page = loader.get_template("503.html").render()
    answer = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
    answer["Retry-After"] = outage.RETRY_AFTER
    answer["Cache-Control"] = "no-store"
    return answer


def of_live(request: HttpRequest, where: Environment, action: str) -> HttpResponse | None:
    """Keep credentials of live data for those who may have them and just proved who they are.

    Return the page that says so, or None: then the view goes on.
    """
    if not where.livemode:
        return None
    if not may(request, action):
        return of_role(request, action)
    return None if proof.is_fresh(request) else proof.ask(request)
