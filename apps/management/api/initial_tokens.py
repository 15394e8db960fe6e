"""Initial access tokens over HTTP: with one, a program registers OAuth clients by itself."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.applications.models import Application
from apps.core.errors import Problem, Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.management import grants, selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import InitialTokenBody
from apps.management.api.resources import INITIAL_TOKEN
from apps.management.api.serializers import InitialTokenSerializer, IssuedInitialTokenSerializer
from apps.management.errors import GrantTooLarge, SandboxCredentialNeeded
from apps.management.filters import InitialTokenFilters
from apps.management.references import referenced
from apps.oauth import registration
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType

EXPANDS = ("application",)
SHOWN: dict[str, Any] = {
    "answer": InitialTokenSerializer,
    "example": examples.INITIAL_TOKEN,
    "expands": EXPANDS,
}
READ, WRITE = ["platform.clients:read"], ["platform.clients:write"]


class InitialTokenView(ManagementView):
    """What registers OAuth clients of an application."""

    resource, select = INITIAL_TOKEN, staticmethod(selectors.initial_tokens)
    owned_by = "application__organization"

    @reads(
        "initial_tokens_list",
        summary="List initial access tokens",
        scopes=READ,
        may="client.read",
        filters=InitialTokenFilters,
        sorts=NEWEST,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of initial access tokens, without their texts; none for live data."""
        return self.page(self.mine())

    @writes(
        "initial_tokens_create",
        summary="Create an initial access token",
        scopes=WRITE,
        may="client.create",
        body=InitialTokenBody,
        asks=examples.NEW_INITIAL_TOKEN,
        status=201,
        answer=IssuedInitialTokenSerializer,
        example=examples.ISSUED_INITIAL_TOKEN,
        expands=EXPANDS,
        once=("secret",),
        problems=(Problem, GrantTooLarge, SandboxCredentialNeeded, Unprocessable),
    )
    def create(self, request: Request) -> HttpResponse:
        """Make a token with which programs register clients in sandboxes (RFC 7591).

        Its text is in this answer and never again. What it registers may use client credentials,
        and thus whatever a sandbox offers: only a credential that covers all of that makes one.
        """
        wanted, at = self.body(InitialTokenBody), self.standing.tenant
        if at.livemode:
            raise SandboxCredentialNeeded(
                "What such a token registers acts in sandboxes. Call with a sandbox credential."
            )
        application = referenced(selectors.applications(at), wanted["application"], "application")
        self._check(application)
        token, text = registration.issue_initial_token(
            application,
            uses=wanted.get("uses", 1),
            expires_at=wanted["expires_at"],
            actor=self.standing.actor,
        )
        return self.issued(token, text)

    @reads(
        "initial_tokens_retrieve",
        summary="Retrieve an initial access token",
        scopes=READ,
        may="client.read",
        key="iat",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one token, with how many clients it still registers."""
        return self.show(self.one(id))

    @writes(
        "initial_tokens_revoke",
        summary="Revoke an initial access token",
        scopes=WRITE,
        may="client.create",
        key="iat",
        **SHOWN | {"example": examples.REVOKED_INITIAL_TOKEN},
    )
    def revoke(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Let no more clients register with a token; those there are stay. Twice is harmless."""
        self.no_body()
        token = self.mine_to_change(id)
        registration.revoke_initial_token(token, actor=self.standing.actor)
        return self.show(token)

    def _check(self, application: Application) -> None:
        """Refuse to hand out what the widest client that registers could obtain by itself."""
        widest = Client(
            application=application, name="a client", grant_types=[GrantType.CLIENT.value]
        )
        try:
            grants.check_client(self.caller, widest)
        except GrantTooLarge as refused:
            raise GrantTooLarge(f"Who registers may take any grant. {refused.detail}") from refused
