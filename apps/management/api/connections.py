"""Connections over HTTP: what members let applications do with the organization's data."""

from typing import Any

from rest_framework.request import Request

from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.resources import CONNECTION
from apps.management.api.serializers import ConnectionSerializer
from apps.management.filters import ConnectionFilters
from apps.oauth import consents

SHOWN: dict[str, Any] = {
    "answer": ConnectionSerializer,
    "example": examples.CONNECTION,
    "expands": ("member", "tenant"),
    "scopes": ["platform.connections:read"],
    "may": "connection.revoke",
}


class ConnectionView(ManagementView):
    """What members let applications do."""

    resource, select = CONNECTION, staticmethod(selectors.connections)
    owned_by = "tenant__organization"

    @reads(
        "connections_list",
        summary="List connections",
        filters=ConnectionFilters,
        sorts=NEWEST,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of what members let applications do in tenants of the environment.

        What only tells an application who somebody is, and what end users allow for themselves, is
        not among them. Only owners and admins read it, so in a sandbox it takes a token of one.
        """
        return self.page(self.mine())

    @reads("connections_retrieve", summary="Retrieve a connection", key="con", **SHOWN)
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one connection."""
        return self.show(self.one(id))

    @writes(
        "connections_delete",
        summary="End a connection",
        scopes=["platform.connections:write"],
        may="connection.revoke",
        key="con",
        status=204,
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Disconnect an application from a member: tokens end within a second, and a mail tells."""
        consents.take_back(self.mine_to_change(id), actor=self.standing.actor)
