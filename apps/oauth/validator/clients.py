"""Who is calling, and what it may ask for."""

from collections.abc import Iterable
from typing import Any

from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)

from apps.oauth import resources, scopes
from apps.oauth.exchange import Exchange
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.tenants.models import Tenant


class Clients:
    """The client proved who it is before oauthlib was asked anything."""

    def client_authentication_required(self, request: Any, *_: Any, **__: Any) -> bool:
        """Let every way lead through ``authenticate_client``."""
        return True

    def authenticate_client(self, request: Any, *_: Any, **__: Any) -> bool:
        """Tell oauthlib whom we know."""
        exchange = getattr(request, "exchange", None)
        if not isinstance(exchange, Exchange):
            return False
        request.client = exchange.client
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        """Tell oauthlib whom we know; a name alone proves nothing."""
        return self.authenticate_client(request)

    def validate_user(self, *_: Any, **__: Any) -> bool:
        """Nobody's password is ever a client's business."""
        return False

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Any, *_: Any, **__: Any
    ) -> bool:
        """Only what the client is registered for; no secret, no token of its own."""
        if not client.allows_grant_type(grant_type):
            raise UnauthorizedClientError(f"The client is not registered for {grant_type}.")
        if grant_type == GrantType.CLIENT:
            if client.is_public:
                raise UnauthorizedClientError("A public client cannot act for itself.")
            request.exchange.tenant = own_tenant(client, request.exchange.form.get("tenant"))
            request.exchange.resources = resources.check(
                request.exchange.form.resources, organization=client.application.organization_id
            )
        return True

    def validate_scopes(
        self, client_id: str, wanted: Iterable[str], client: Client, request: Any, **_: Any
    ) -> bool:
        """Name what is too much. Nobody signed in for a client's own token: no OpenID there."""
        may = request.exchange.allowed
        if request.grant_type == GrantType.CLIENT:
            may -= scopes.OIDC.keys()
        if too_much := [name for name in wanted if name not in may]:
            raise InvalidScopeError(
                f"The client may not have {' '.join(too_much)[:200]}: the scope does not exist, "
                "is not approved, or needs an end user."
            )
        return True

    def get_default_scopes(self, client_id: str, request: Any, *_: Any, **__: Any) -> list[str]:
        """Return what a request without ``scope`` gets."""
        names = scopes.default(request.client, request.exchange.allowed)
        if request.grant_type == GrantType.CLIENT:
            names = [name for name in names if name not in scopes.OIDC]
        return names


def own_tenant(client: Client, wanted: str) -> Tenant:
    """Return the tenant that a client acts in for itself: the one it names, or its first."""
    own = Tenant.objects.filter(
        organization=client.application.organization_id, kind=client.environment
    )
    tenant = own.filter(pk=wanted).first() if wanted else own.order_by("pk").first()
    if tenant is None:
        raise InvalidRequestError(
            f"tenant must be a {client.environment} tenant of the client's own organization."
            if wanted
            else f"The client's organization has no {client.environment} tenant."
        )
    return tenant
