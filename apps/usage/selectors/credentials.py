"""Whose name a row's ``key_id`` stands for: an API key, or the client of an access token.

Access tokens live for an hour, so what is counted is their client; which token it was is in the
request's trace.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.core import ids
from apps.keys.models import Key
from apps.oauth.models import Client


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or a client; ``hint`` is how a key's secret ends."""

    id: str
    name: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}" if self.hint else self.name


def named(values: Iterable[UUID | None]) -> dict[UUID, Credential]:
    """Return the keys and clients behind ``values``, in a query or two; others are left out."""
    wanted = {value for value in values if value}
    found = {
        ids.decode(pk)[1]: Credential(pk, name, hint)
        for pk, name, hint in Key.objects.filter(pk__in=wanted).values_list("pk", "name", "hint")
    }
    left = [ids.encode("cli", value) for value in wanted.difference(found)]
    if left:
        clients = Client.objects.filter(client_id__in=left).values_list("client_id", "name")
        found |= {ids.decode(pk)[1]: Credential(pk, name) for pk, name in clients}
    return found
