"""Plans, and asking for another one, over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.core.errors import Missing, Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import PlanRequestBody
from apps.management.api.resources import PLAN, PLAN_REQUEST
from apps.management.api.serializers import PlanRequestSerializer, PlanSerializer
from apps.management.filters import PlanRequestFilters
from apps.management.references import referenced
from apps.plans import changes
from apps.plans.errors import RequestDecided, RequestWaits

SHOWN: dict[str, Any] = {
    "answer": PlanRequestSerializer,
    "example": examples.PLAN_REQUEST,
    "expands": ("application",),
}
READ, WRITE = ["platform.applications:read"], ["platform.applications:write"]


class PlanView(ManagementView):
    """What can be asked for."""

    resource, select = PLAN, staticmethod(selectors.plans)
    owned_by, named_by = "", "slug"

    @reads(
        "plans_list",
        summary="List plans",
        scopes=READ,
        may="application.read",
        sorts=("slug", "-slug"),
        answer=PlanSerializer,
        example=examples.PLAN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the plans that are offered, with what each allows."""
        return self.page(self.mine())


class PlanRequestView(ManagementView):
    """Requests for other plans."""

    resource, select = PLAN_REQUEST, staticmethod(selectors.plan_requests)
    owned_by = "application__organization"

    @reads(
        "plan_requests_list",
        summary="List requests for plans",
        scopes=READ,
        may="application.read",
        filters=PlanRequestFilters,
        sorts=NEWEST,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of what was asked for, newest first, with what became of it."""
        return self.page(self.mine())

    @writes(
        "plan_requests_create",
        summary="Ask for another plan",
        scopes=WRITE,
        may="plan.request",
        body=PlanRequestBody,
        asks=examples.NEW_PLAN_REQUEST,
        status=201,
        problems=(RequestWaits, Unprocessable),
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Ask for a plan that is offered. An operator decides, and the decision comes by mail."""
        wanted, at = self.body(PlanRequestBody), self.standing.tenant
        application = referenced(selectors.applications(at), wanted["application"], "application")
        plan = referenced(selectors.plans(at), wanted["plan"], "plan", named_by="slug")
        try:
            made = changes.request(
                application, plan=plan, reason=wanted["reason"], actor=self.standing.actor
            )
        except Missing as gone:  # It was offered a moment ago.
            raise Unprocessable(gone.detail, param="plan") from gone
        return self.answer(self.show(made), 201)

    @reads(
        "plan_requests_retrieve",
        summary="Retrieve a request for a plan",
        scopes=READ,
        may="application.read",
        key="pcr",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one request, with the decision and its reason."""
        return self.show(self.one(id))

    @writes(
        "plan_requests_withdraw",
        summary="Withdraw a request for a plan",
        scopes=WRITE,
        may="plan.request",
        key="pcr",
        problems=(RequestDecided,),
        **SHOWN | {"example": examples.WITHDRAWN_PLAN_REQUEST},
    )
    def withdraw(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Ask no longer; what was decided is decided."""
        self.no_body()
        found = self.mine_to_change(id)
        changes.withdraw(found, actor=self.standing.actor)
        found.refresh_from_db()
        return self.show(found)
