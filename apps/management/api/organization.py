"""The organization, its tenants, and the registry of scopes over HTTP."""

from typing import Any

from rest_framework.request import Request

from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import OrganizationBody
from apps.management.api.resources import ORGANIZATION, SCOPE, TENANT
from apps.management.api.serializers import (
    OrganizationSerializer,
    ScopeSerializer,
    TenantSerializer,
)
from apps.orgs import services as orgs
from apps.orgs.models import Organization

SHOWN: dict[str, Any] = {"answer": OrganizationSerializer, "example": examples.ORGANIZATION}
TENANTS: dict[str, Any] = {
    "answer": TenantSerializer,
    "example": examples.TENANT,
    "scopes": ["platform.organization:read"],
    "may": "organization.read",
}


class OrganizationView(ManagementView):
    """The organization that the caller acts in."""

    resource = ORGANIZATION

    @reads(
        "organization_retrieve",
        summary="Retrieve the organization",
        scopes=["platform.organization:read"],
        may="organization.read",
        **SHOWN,
    )
    def retrieve(self, request: Request) -> Any:
        """Return the organization that the credential acts in."""
        return self.show(self.standing.tenant.organization)

    @writes(
        "organization_update",
        summary="Rename the organization",
        scopes=["platform.organization:write"],
        may="organization.rename",
        real=True,
        body=OrganizationBody,
        asks={"name": "Bicycle Shop"},
        conditional=True,
        **SHOWN,
    )
    def partial_update(self, request: Request) -> Any:
        """Give the organization another name. Takes a live credential."""
        organization = self.target(Organization.objects.all(), self.owner)
        changes = self.body(OrganizationBody, partial=True)
        name = changes.get("name", organization.name)
        orgs.rename(organization, name=name, actor=self.standing.actor)
        return self.show(organization)


class TenantView(ManagementView):
    """Sandboxes, or the live tenant."""

    resource, select, owned_by = TENANT, staticmethod(selectors.tenants), "organization"

    @reads("tenants_list", summary="List tenants", sorts=(*NEWEST, "name", "-name"), **TENANTS)
    def list(self, request: Request) -> Any:
        """Return a page of the tenants of the credential's environment."""
        return self.page(self.mine())

    @reads("tenants_retrieve", summary="Retrieve a tenant", key="tnt", **TENANTS)
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one tenant."""
        return self.show(self.one(id))


class ScopeView(ManagementView):
    """The registry of scopes."""

    resource, select = SCOPE, staticmethod(selectors.scopes)
    owned_by, named_by = "", "name"

    @reads(
        "scopes_list",
        summary="List scopes",
        scopes=["platform.applications:read"],
        may="application.read",
        sorts=("name", "-name"),
        answer=ScopeSerializer,
        example=examples.SCOPE,
    )
    def list(self, request: Request) -> Any:
        """Return a page of all scopes, in words, as end users read them."""
        return self.page(self.mine())
