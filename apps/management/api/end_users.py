"""Test end users over HTTP: the invented people of sandboxes."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.core.errors import Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import EndUserBody
from apps.management.api.resources import END_USER
from apps.management.api.serializers import EndUserSerializer
from apps.management.errors import SandboxCredentialNeeded
from apps.management.filters import EndUserFilters
from apps.management.references import referenced
from apps.tenants import end_users

SHOWN: dict[str, Any] = {
    "answer": EndUserSerializer,
    "example": examples.END_USER,
    "expands": ("tenant",),
}
READ: dict[str, Any] = {"scopes": ["platform.organization:read"], "may": "organization.read"}
WRITE = ["platform.organization:write"]


class EndUserView(ManagementView):
    """Whom developers may answer for on the consent page of a sandbox client."""

    resource, select = END_USER, staticmethod(selectors.end_users)
    owned_by, named_by = "tenant__organization", "user"

    @reads(
        "end_users_list",
        summary="List test end users",
        filters=EndUserFilters,
        sorts=NEWEST,
        **READ,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the invented people of sandboxes; live data has none."""
        return self.page(self.mine())

    @writes(
        "end_users_create",
        summary="Make a test end user",
        scopes=WRITE,
        may="end_user.invent",
        body=EndUserBody,
        asks={"name": "Mia Okafor"},
        status=201,
        problems=(SandboxCredentialNeeded, Unprocessable),
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Let an invented person live in a sandbox: without a password, or an address for mail."""
        wanted, at = self.body(EndUserBody), self.standing.tenant
        if at.livemode:
            raise SandboxCredentialNeeded(
                "Live data has real people only. Call with a sandbox credential."
            )
        tenant = referenced(selectors.tenants(at), wanted.get("tenant", at.pk), "tenant")
        made = end_users.invent(tenant, name=wanted["name"], actor=self.standing.actor)
        return self.answer(self.show(made), 201)

    @reads("end_users_retrieve", summary="Retrieve a test end user", key="usr", **READ, **SHOWN)
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one test end user; tokens name it as `sub`."""
        return self.show(self.one(id))

    @writes(
        "end_users_delete",
        summary="Remove a test end user",
        scopes=WRITE,
        may="end_user.remove",
        key="usr",
        status=204,
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Remove an invented person. What was allowed as them ends: tokens within a second."""
        end_users.remove(self.mine_to_change(id), actor=self.standing.actor)
