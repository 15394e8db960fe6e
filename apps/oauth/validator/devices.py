"""Redeeming a device code."""

from typing import Any

from apps.oauth import devices, resources, scopes
from apps.oauth.exchange import Exchange
from apps.oauth.models import Client


class Devices:
    """The device flow's questions (RFC 8628)."""

    def validate_device_code(
        self, client_id: str, device_code: str, client: Client, request: Any
    ) -> bool:
        """Refuse whatever is wrong with the code, or with how often it is asked for."""
        exchange: Exchange = request.exchange
        grant = devices.redeem(device_code, client, now=exchange.now)
        exchange.source, exchange.tenant = grant, grant.tenant
        exchange.resources = resources.narrow(
            exchange.form.resources,
            grant.resource,
            organization=client.application.organization_id,
        )
        devices.spend(grant, now=exchange.now)
        request.user, request.scopes = grant.user, scopes.still_allowed(client, grant.scope)
        return True
