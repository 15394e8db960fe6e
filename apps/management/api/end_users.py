"""Test end users over HTTP: the invented people of sandboxes."""

from typing import Any

from rest_framework.request import Request

from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads
from apps.management.api.resources import END_USER
from apps.management.api.serializers import EndUserSerializer
from apps.management.filters import EndUserFilters

SHOWN: dict[str, Any] = {
    "answer": EndUserSerializer,
    "example": examples.END_USER,
    "expands": ("tenant",),
    "scopes": ["platform.organization:read"],
    "may": "organization.read",
}


class EndUserView(ManagementView):
    """Whom developers may answer for on the consent page of a sandbox client."""

    resource, select = END_USER, staticmethod(selectors.end_users)
    owned_by, named_by = "tenant__organization", "user"

    @reads(
        "end_users_list",
        summary="List test end users",
        filters=EndUserFilters,
        sorts=NEWEST,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the invented people of sandboxes; live data has none."""
        return self.page(self.mine())

    @reads("end_users_retrieve", summary="Retrieve a test end user", key="usr", **SHOWN)
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one test end user; tokens name it as `sub`."""
        return self.show(self.one(id))
