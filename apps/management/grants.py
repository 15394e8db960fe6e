"""A credential never hands out more than it has: scopes, networks, time.

Otherwise a stolen key that may make keys would outlive its own revocation, and a narrow one would
make itself a wide one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from apps.core import ids
from apps.core.caller import Caller
from apps.core.networks import networks
from apps.keys import services as keys
from apps.keys.models import Key
from apps.management.errors import GrantTooLarge
from apps.oauth import scopes as oauth_scopes
from apps.oauth.models import AccessToken, Client
from apps.oauth.models.client import GrantType


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where, and until when, a credential itself is good; no networks means everywhere."""

    networks: tuple[str, ...]
    expires_at: datetime | None = None

    def networks_within(self, wanted: Iterable[str]) -> list[str]:
        """Return ``wanted``, or its own networks where none are; refuse any other."""
        listed = networks(wanted)
        if not self.networks:
            return listed
        beyond = [text for text in listed if not _within(text, self.networks)]
        if beyond:
            raise GrantTooLarge(
                f"This credential is not good from {', '.join(beyond)} itself.", param="ip_allow"
            )
        return listed or list(self.networks)

    def end_within(self, wanted: datetime | None) -> datetime | None:
        """Return ``wanted``, or its own end where there is none; refuse a later one."""
        if self.expires_at and wanted and wanted > self.expires_at:
            raise GrantTooLarge(
                f"This credential ends at {self.expires_at:%Y-%m-%d %H:%M} UTC itself.",
                param="expires_at",
            )
        return wanted or self.expires_at


def bounds(caller: Caller) -> Bounds:
    """Return the bounds of ``caller``'s own credential.

    An access token ends soon, and what renews it does not: its end bounds nothing.
    """
    if key := Key.objects.filter(pk=caller.credential).first():
        return Bounds(tuple(key.ip_allow), key.expires_at)
    known = AccessToken.objects.filter(public_id=ids.decode(caller.credential)[1])
    found = known.select_related("application").first()
    if found is None:
        raise GrantTooLarge("This credential is gone.")
    return Bounds(tuple(found.application.ip_allow))


def check_scopes(caller: Caller, wanted: Iterable[str]) -> None:
    """Refuse scopes that ``caller`` does not have."""
    if beyond := sorted(set(wanted) - caller.scopes):
        raise GrantTooLarge(f"This credential itself lacks {', '.join(beyond)}.", param="scopes")


def check_key(caller: Caller, key: Key) -> None:
    """Refuse to hand out the secret of ``key``'s successor, if it may do more than ``caller``.

    A key may always renew itself: its successor lives as long as it was given itself.
    """
    check_scopes(caller, key.scopes)
    own = bounds(caller)
    if own.networks and not key.ip_allow:
        raise GrantTooLarge(f"{key} is good everywhere, this credential is not.")
    own.networks_within(key.ip_allow)
    if own.expires_at is None or key.pk == caller.credential:
        return
    if key.expires_at is None:
        raise GrantTooLarge(f"{key} is good for ever, this credential is not.")
    own.end_within(keys.end_of_successor(key))


def check_client(caller: Caller, client: Client) -> None:
    """Refuse to hand out what ``client`` may obtain by itself, without anybody's consent."""
    if GrantType.CLIENT not in client.grant_types:
        return
    may = oauth_scopes.allowed(client) - set(oauth_scopes.OIDC)
    if beyond := sorted(may - caller.scopes):
        raise GrantTooLarge(
            f"With client credentials {client.name} could get {', '.join(beyond)}, which this "
            "credential lacks.",
            param="grant_types",
        )
    own = bounds(caller)
    if own.networks or own.expires_at:
        raise GrantTooLarge(
            "Client credentials are good everywhere and for ever; this credential is not.",
            param="grant_types",
        )


def _within(text: str, networks: Iterable[str]) -> bool:
    inner = ip_network(text)
    for listed in networks:
        outer = ip_network(listed)
        if inner.version == outer.version and inner.subnet_of(outer):  # type: ignore[arg-type]  # of one version
            return True
    return False
