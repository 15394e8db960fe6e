"""The dated revisions in which an application is served, over HTTP."""

from typing import Any

from rest_framework.request import Request

from apps.applications import pins
from apps.applications.errors import WayBackClosed
from apps.core.errors import Missing, Unprocessable
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import LIVE, ManagementView, reads, writes
from apps.management.api.bodies import RevisionBody
from apps.management.api.resources import REVISIONS
from apps.management.api.serializers import RevisionsSerializer

SHOWN: dict[str, Any] = {"key": "app", "answer": RevisionsSerializer}
READ, WRITE = ["platform.applications:read"], ["platform.applications:write"]


class RevisionsView(ManagementView):
    """Where an application stands with each API that has dated revisions."""

    resource, select = REVISIONS, staticmethod(selectors.applications)
    owned_by = "organization"

    @reads(
        "revisions_retrieve",
        summary="Retrieve an application's revisions",
        scopes=READ,
        may="application.read",
        example=examples.REVISIONS,
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return the revision of each API in which the application is served, and what is newer."""
        return self.show(self.one(id))

    @writes(
        "revisions_change",
        summary="Move an application to another revision",
        scopes=WRITE,
        may="application.change",
        body=RevisionBody,
        asks={"version": "commerce/v1", "revision": "2026-11-01"},
        problems=(Unprocessable, WayBackClosed, *LIVE),
        example=examples.MOVED_REVISIONS,
        **SHOWN,
    )
    def change(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Serve it in a newer revision of an API, or for 72 hours in the one it was moved from.

        Calls follow within a second, in sandboxes and live.
        """
        application = self.mine_to_change(id)
        self.standing.require_live_for(application)
        wanted = self.body(RevisionBody)
        try:
            pins.move(
                application,
                wanted["version"],
                to=wanted["revision"],
                actor=self.standing.actor,
            )
        except Missing as unknown:
            raise Unprocessable(unknown.detail, param="version") from unknown
        return self.show(application)
