"""The secrets of OAuth clients over HTTP."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.core.errors import Problem, Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.management import grants, selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import ClientSecretBody
from apps.management.api.resources import CLIENT_SECRET
from apps.management.api.serializers import ClientSecretSerializer, IssuedClientSecretSerializer
from apps.management.errors import GrantTooLarge
from apps.management.filters import ClientSecretFilters
from apps.management.references import referenced
from apps.oauth import client_secrets

EXPANDS = ("client", "client.application")
SHOWN: dict[str, Any] = {
    "answer": ClientSecretSerializer,
    "example": examples.CLIENT_SECRET,
    "expands": EXPANDS,
}
READ, WRITE = ["platform.clients:read"], ["platform.clients:write"]


class ClientSecretView(ManagementView):
    """What OAuth clients prove themselves with."""

    resource, select = CLIENT_SECRET, staticmethod(selectors.client_secrets)
    owned_by = "client__application__organization"

    @reads(
        "client_secrets_list",
        summary="List client secrets",
        scopes=READ,
        may="client.read",
        filters=ClientSecretFilters,
        sorts=NEWEST,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of client secrets, without their texts."""
        return self.page(self.mine())

    @writes(
        "client_secrets_create",
        summary="Create a client secret",
        scopes=WRITE,
        may="client.secret_create",
        body=ClientSecretBody,
        asks=examples.NEW_CLIENT_SECRET,
        status=201,
        answer=IssuedClientSecretSerializer,
        example=examples.ISSUED_CLIENT_SECRET,
        expands=EXPANDS,
        once=("secret",),
        problems=(Problem, GrantTooLarge, Unprocessable),
    )
    def create(self, request: Request) -> HttpResponse:
        """Add a secret to a client. Its text is in this answer and never again.

        With `overlap_hours` the client's other secrets end after so many hours.
        """
        wanted, at = self.body(ClientSecretBody), self.standing.tenant
        rows = selectors.clients(at)
        client = referenced(rows, wanted["client"], "client", named_by="client_id")
        grants.check_client(self.caller, client)
        secret, text = client_secrets.add_secret(
            client, expires_at=wanted.get("expires_at"), actor=self.standing.actor
        )
        if (hours := wanted.get("overlap_hours")) is not None:
            overlap = timedelta(hours=hours)
            client_secrets.retire_others(secret, overlap=overlap, actor=self.standing.actor)
        return self.issued(secret, text)

    @reads(
        "client_secrets_retrieve",
        summary="Retrieve a client secret",
        scopes=READ,
        may="client.read",
        key="csk",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one client secret, without its text."""
        return self.show(self.one(id))

    @writes(
        "client_secrets_revoke",
        summary="Revoke a client secret",
        scopes=WRITE,
        may="client.secret_revoke",
        key="csk",
        **SHOWN | {"example": examples.REVOKED_CLIENT_SECRET},
    )
    def revoke(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Close a client secret for good. Twice is harmless."""
        self.no_body()
        secret = self.mine_to_change(id)
        client_secrets.revoke_secret(secret, actor=self.standing.actor)
        return self.show(secret)
