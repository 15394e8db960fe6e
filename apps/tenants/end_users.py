"""Test end users: people who exist in one sandbox, so that developers can answer for somebody.

They have no password and an address that nobody can receive mail at (RFC 2606), so nobody signs in
as one. A consent page of a sandbox client offers them to the developers of its organization.
"""

from typing import TYPE_CHECKING, Final

from apps.accounts.models import User

if TYPE_CHECKING:
    from apps.tenants.models import MembershipQuerySet, Tenant

DOMAIN: Final = "people.test"
CAST: Final = (("mia", "Mia Okafor"), ("jonas", "Jonas Weber"))


def seed(tenant: "Tenant", _seed: str) -> None:
    """Let the cast live in a new sandbox; live data has real people."""
    if tenant.livemode:
        return
    place = tenant.pk.partition("_")[2].lower()
    for first, name in CAST:
        person = User.objects.create_user(f"{first}.{place}@{DOMAIN}", name=name)
        tenant.memberships.create(user=person)


def invented(memberships: "MembershipQuerySet") -> "MembershipQuerySet":
    """Return those of invented people: nobody may answer for a real one."""
    theirs = memberships.filter(user__email__endswith=f"@{DOMAIN}")
    return theirs.filter(user__password__startswith="!")  # noqa: S106 - none is usable
