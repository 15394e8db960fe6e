"""Applications over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.applications import scopes as application_scopes
from apps.applications import services as applications
from apps.applications.errors import WrongState
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import LIVE, ManagementView, reads, writes
from apps.management.api.bodies import ApplicationBody
from apps.management.api.resources import APPLICATION
from apps.management.api.serializers import ApplicationSerializer
from apps.management.filters import ApplicationFilters
from apps.onboarding import services as onboarding

SHOWN: dict[str, Any] = {"answer": ApplicationSerializer, "example": examples.APPLICATION}
READ, WRITE = ["platform.applications:read"], ["platform.applications:write"]


class ApplicationView(ManagementView):
    """What is built on the platform."""

    resource, select = APPLICATION, staticmethod(selectors.applications)
    owned_by = "organization"

    @reads(
        "applications_list",
        summary="List applications",
        scopes=READ,
        may="application.read",
        filters=ApplicationFilters,
        sorts=(*NEWEST, "name", "-name"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the organization's applications, newest first."""
        return self.page(self.mine())

    @writes(
        "applications_create",
        summary="Create an application",
        scopes=WRITE,
        may="application.create",
        body=ApplicationBody,
        asks=examples.NEW_APPLICATION,
        status=201,
        problems=(Unprocessable,),
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Add an application. It may use sandboxes at once, and live data after review."""
        wanted = self.body(ApplicationBody)
        made = onboarding.new_application(
            self.standing.tenant.organization,
            name=wanted["name"],
            description=wanted.get("description") or "",
            homepage=wanted.get("homepage") or "",
            actor=self.standing.actor,
        )
        self._ask(made, wanted)
        return self.answer(self.show(made), 201)

    @reads(
        "applications_retrieve",
        summary="Retrieve an application",
        scopes=READ,
        may="application.read",
        key="app",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one application, with the scopes that it asked for and was given."""
        return self.show(self.one(id))

    @writes(
        "applications_update",
        summary="Update an application",
        scopes=WRITE,
        may="application.change",
        key="app",
        body=ApplicationBody,
        asks={"homepage": "https://ledger.example"},
        problems=(Unprocessable, *LIVE),
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the members that are given; null clears an optional one."""
        application = self.mine_to_change(id)
        self.standing.require_live_for(application)
        wanted = self.body(ApplicationBody, partial=True)
        said = {
            name: (wanted[name] or "") if name in wanted else getattr(application, name)
            for name in ("name", "description", "homepage")
        }
        applications.change(application, **said, actor=self.standing.actor)
        self._ask(application, wanted)
        return self.show(application)

    @writes(
        "applications_submit",
        summary="Submit an application for review",
        scopes=WRITE,
        may="application.submit",
        key="app",
        problems=(Unprocessable, WrongState),
        **SHOWN | {"example": examples.SUBMITTED},
    )
    def submit(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Ask a reviewer to let the application at live data; it needs a description."""
        self.no_body()
        application = self.mine_to_change(id)
        applications.submit(application, actor=self.standing.actor)
        return self.show(application)

    def _ask(self, application: Application, wanted: dict[str, Any]) -> None:
        """Say which scopes it asks for, where the body does."""
        if "requested_scopes" in wanted or "optional_scopes" in wanted:
            application_scopes.ask(
                application,
                scopes=wanted.get("requested_scopes", application.requested_scopes),
                optional=wanted.get("optional_scopes"),
                actor=self.standing.actor,
            )
