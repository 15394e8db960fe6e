"""OAuth clients over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.applications.errors import NotApproved
from apps.core.errors import Problem, Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.management import grants, selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import ClientBody, ClientChange
from apps.management.api.resources import CLIENT
from apps.management.api.serializers import ClientSerializer
from apps.management.errors import GrantTooLarge
from apps.management.filters import ClientFilters
from apps.management.references import referenced
from apps.oauth import clients

EXPANDS = ("application",)
SHOWN: dict[str, Any] = {"answer": ClientSerializer, "example": examples.CLIENT, "expands": EXPANDS}
READ, WRITE = ["platform.clients:read"], ["platform.clients:write"]
# What decides who obtains tokens, how, and which.
PROVING = {"grant_types", "authentication", "jwks", "scopes"}


class ClientView(ManagementView):
    """OAuth clients of applications."""

    resource, select = CLIENT, staticmethod(selectors.clients)
    owned_by, named_by = "application__organization", "client_id"

    @reads(
        "clients_list",
        summary="List OAuth clients",
        scopes=READ,
        may="client.read",
        filters=ClientFilters,
        sorts=(*NEWEST, "name", "-name"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the OAuth clients of the credential's environment, newest first."""
        return self.page(self.mine())

    @writes(
        "clients_create",
        summary="Create an OAuth client",
        scopes=WRITE,
        may="client.create",
        body=ClientBody,
        asks=examples.NEW_CLIENT,
        status=201,
        problems=(Problem, GrantTooLarge, NotApproved, Unprocessable),
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Add an OAuth client in the credential's environment; make its secret next.

        One that uses client credentials may do whatever its application may, or `scopes` says:
        only a credential that covers all of that can make it.
        """
        wanted, at = self._filled(self.body(ClientBody)), self.standing.tenant
        key = wanted.pop("application")
        application = referenced(selectors.applications(at), key, "application")
        made = clients.create(application, environment=at.kind, actor=self.standing.actor, **wanted)
        grants.check_client(self.caller, made)
        return self.answer(self.show(made), 201)

    @reads(
        "clients_retrieve",
        summary="Retrieve an OAuth client",
        scopes=READ,
        may="client.read",
        key="cli",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one OAuth client."""
        return self.show(self.one(id))

    @writes(
        "clients_update",
        summary="Update an OAuth client",
        scopes=WRITE,
        may="client.change",
        key="cli",
        body=ClientChange,
        asks={"redirect_uris": ["https://ledger.example/callback", "http://127.0.0.1/callback"]},
        problems=(Problem, GrantTooLarge, Unprocessable),
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the members that are given; lists are replaced as a whole.

        What takes away a grant type, or the way the client proves itself, ends its tokens; a scope
        that is taken away ends those that hold it.
        """
        client = self.mine_to_change(id)
        wanted = self._filled(self.body(ClientChange, partial=True))
        clients.change(client, actor=self.standing.actor, **wanted)
        if PROVING.intersection(wanted):
            grants.check_client(self.caller, client)
        return self.show(client)

    @writes(
        "clients_delete",
        summary="Delete an OAuth client",
        scopes=WRITE,
        may="client.delete",
        key="cli",
        status=204,
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Delete an OAuth client; its tokens and consents end with it."""
        clients.delete(self.mine_to_change(id), actor=self.standing.actor)

    def _filled(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Return a body with a text that was cleared as no text, and networks within the call's."""
        if "backchannel_logout_uri" in wanted:
            wanted["backchannel_logout_uri"] = wanted["backchannel_logout_uri"] or ""
        if "ip_allow" in wanted:
            wanted["ip_allow"] = grants.bounds(self.caller).networks_within(wanted["ip_allow"])
        return wanted
