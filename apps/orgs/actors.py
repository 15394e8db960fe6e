"""Who acts in an organization: a person with a role, or a credential of the organization itself."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.orgs.models import Role


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or token that acts for its organization, with no person behind it.

    ``pk`` is its identifier, which the event log keeps; ``role`` says what it may do.
    """

    pk: str
    organization: str
    role: Role

    def __str__(self) -> str:
        return self.pk


Actor = User | Credential


def person(actor: Actor | None) -> User | None:
    """Return who is behind ``actor``; None for a credential, and for the platform itself."""
    return actor if isinstance(actor, User) else None
