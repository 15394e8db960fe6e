"""Logos of applications over HTTP."""

from typing import Any

from rest_framework.request import Request

from apps.applications import logos
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import LIVE, ManagementView, writes
from apps.management.api.resources import APPLICATION
from apps.management.api.serializers import ApplicationSerializer

WRITE = ["platform.applications:write"]
READ_FROM = ("image/png", "image/jpeg", "image/webp")


class LogoView(ManagementView):
    """What end users see beside an application's name."""

    resource, select = APPLICATION, staticmethod(selectors.applications)
    owned_by = "organization"

    @writes(
        "logos_change",
        summary="Change an application's logo",
        scopes=WRITE,
        may="application.change",
        key="app",
        media=READ_FROM,
        answer=ApplicationSerializer,
        example=examples.ILLUSTRATED,
        problems=(Unprocessable, *LIVE),
    )
    def change(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Send a picture as the body: PNG, JPEG or WebP, at most 1 MiB.

        It is drawn anew as a PNG of 256 by 256 pixels; nothing else of the file is kept. Of an
        approved application people go on seeing the logo that was approved, until a reviewer has
        looked at the new one.
        """
        application = self._mine(id)
        logos.change(application, upload=self.file(), actor=self.standing.actor)
        return self.show(self.one(id))

    @writes(
        "logos_delete",
        summary="Remove an application's logo",
        scopes=WRITE,
        may="application.change",
        key="app",
        status=204,
        problems=LIVE,
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Take the logo away. Harmless where there is none."""
        logos.remove(self._mine(id), actor=self.standing.actor)

    def _mine(self, key: str) -> Application:
        application: Application = self.mine_to_change(key)
        self.standing.require_live_for(application)
        return application
