"""The one way into a native API: the gateway's signed header."""

from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.core import caller as callers
from apps.core import clock
from apps.core.caller import Caller
from apps.core.errors import Unauthorized
from apps.core.request import current_request


class CallerMissing(Unauthorized):
    """This address is for the gateway only."""

    code = "caller_missing"


class GatewayCaller:
    """The authenticated party of a request: an application in a tenant, not a person."""

    is_authenticated = True
    is_active = True

    def __init__(self, caller: Caller) -> None:
        """Wrap what the gateway vouches for."""
        self.caller = caller
        self.pk = caller.application


class GatewayAuthentication(BaseAuthentication):
    """Accept ``Trellis-Caller`` for this very request, and nothing else."""

    def authenticate(self, request: Request) -> tuple[GatewayCaller, Any]:
        """Return the caller; 401 ``caller_missing`` without a valid header."""
        audience = request.path.split("/")[1]
        try:
            caller = callers.verify(
                request.headers.get(callers.HEADER, ""),
                audience=audience,
                method=request.method or "",
                path=request.path,
                key=callers.key_for(audience, settings.CALLER_KEY),
                now=clock.real().timestamp(),
            )
        except callers.Refused as refused:
            raise CallerMissing(
                f"{refused} Call {settings.API_URL}{request.path} instead.",
                headers={"WWW-Authenticate": "Bearer"},
            ) from None
        current_request.set(caller.request_id)
        return GatewayCaller(caller), caller

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is a 401."""
        return "Trellis-Caller"
