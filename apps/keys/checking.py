"""What a text is that somebody holds and wonders about: its shape, and which of their keys."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from apps.core import secrets
from apps.keys import services as keys
from apps.keys.models import Key

KINDS: Final[dict[str, str]] = {
    "k": "secret",
    "r": "restricted",
    "p": "publishable",
    "a": "access_token",
    "f": "refresh_token",
    "d": "device_code",
    "c": "client_secret",
    "g": "registration_token",
    "i": "initial_token",
}


class Fault(StrEnum):
    """Why a text is no credential of this platform."""

    MALFORMED = "malformed"
    SURROUNDED = "surrounded"
    CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True)
class Checked:
    """What can be said: a fault, or a kind with its environment, and the key where it is seen."""

    fault: Fault | None = None
    kind: str = ""
    livemode: bool = False
    key: Key | None = None

    @property
    def is_key(self) -> bool:
        """Tell whether it has the shape of an API key."""
        return bool(self.kind) and self.kind in secrets.KEYS


@sensitive_variables("text")
def check(text: str, *, among: QuerySet[Key]) -> Checked:
    """Return what ``text`` is; a key that is not ``among`` these looks like one never issued."""
    shapes = secrets.pattern(settings.BRAND["key_prefix"], "".join(KINDS))
    try:
        shape = secrets.read(text, shapes)
    except secrets.Malformed:
        return Checked(Fault.SURROUNDED if shapes.search(text) else Fault.MALFORMED)
    except secrets.BadChecksum:
        return Checked(Fault.CHECKSUM)
    found = Checked(kind=shape.kind, livemode=shape.environment == "live")
    if not found.is_key or (known := keys.find(text)) is None:
        return found
    return Checked(None, found.kind, found.livemode, among.filter(pk=known.pk).first())
