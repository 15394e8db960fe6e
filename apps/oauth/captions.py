"""Under which name and picture people meet an application.

One that was approved looks as its reviewer saw it, whatever its developers or the names of its
OAuth clients say by now. Any other looks as it likes, and is called not verified.
"""

from dataclasses import dataclass
from typing import Final

from apps.applications import presenting
from apps.oauth.models import Client
from apps.oauth.registration import EVERYBODY

NEEDED: Final = (  # what a client is fetched with
    "application__organization",
    "application__logo",
    "application__presentation",
)


@dataclass(frozen=True, slots=True)
class Caption:
    """Who asks. ``logo`` is the digest of a picture, or nothing.

    A ``stranger`` registered itself, so there is nobody whose application it is.
    """

    name: str
    application: str
    publisher: str
    logo: str
    verified: bool
    stranger: bool

    def __str__(self) -> str:
        return self.name


def of(client: Client) -> Caption:
    """Return what people read of ``client``."""
    application = client.application
    face = presenting.shown(application)
    reviewed = presenting.approved(application) is not None
    return Caption(
        name=face.name if reviewed else client.name or face.name,
        application=face.name,
        publisher=face.publisher,
        logo=face.logo,
        verified=presenting.is_verified(application),
        stranger=application.organization_id == EVERYBODY,
    )
