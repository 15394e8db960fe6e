"""One request at the token endpoint, and what is found out about it on the way."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.core import clock
from apps.oauth import scopes
from apps.oauth.forms import Form
from apps.oauth.models import Client, RefreshToken
from apps.oauth.standing import Source
from apps.tenants.models import Tenant


@dataclass(slots=True)
class Exchange:
    """It travels on oauthlib's request as ``request.exchange``.

    oauthlib hands every parameter of a client out as an attribute of its request, so what we know
    for certain never stands there among what a client merely says.
    """

    form: Form
    client: Client
    jkt: str = ""
    source: Source | None = None
    tenant: Tenant | None = None
    resources: list[str] = field(default_factory=list)
    now: datetime = field(default_factory=clock.real)
    looked_up: frozenset[str] | None = None

    @property
    def allowed(self) -> frozenset[str]:
        """Return the scopes that the client may ask for, looked up once."""
        if self.looked_up is None:
            self.looked_up = frozenset(scopes.allowed(self.client))
        return self.looked_up

    @property
    def user(self) -> User | None:
        """Return the end user who authorized this; a client by itself has none."""
        return self.source.user if self.source is not None else None

    @property
    def family(self) -> UUID | None:
        """Return what the tokens will belong to."""
        if self.source is None:
            return None
        refreshing = isinstance(self.source, RefreshToken)
        family: UUID | None = self.source.token_family if refreshing else self.source.family
        return family

    @property
    def inherited(self) -> dict[str, Any]:
        """Return what an end user's authorization hands down to each token."""
        if self.source is None:
            return {"tenant": self.tenant, "sid": "", "auth_time": None}
        return {
            "tenant": self.tenant,
            "sid": self.source.sid,
            "auth_time": self.source.auth_time,
            "answered_by": self.source.answered_by,
        }
