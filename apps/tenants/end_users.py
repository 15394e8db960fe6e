"""Test end users: people who exist in one sandbox, so that developers can answer for somebody.

They have no password and an address that nobody can receive mail at (RFC 2606), so nobody signs in
as one. A consent page of a sandbox client offers them to the developers of its organization.
"""

from typing import Final

from django.db import transaction
from django.utils.text import slugify

from apps.accounts.models import User
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.orgs.actors import Actor
from apps.tenants.models import Membership, MembershipQuerySet, Tenant

DOMAIN: Final = "people.test"
CAST: Final = ("Mia Okafor", "Jonas Weber")
MOST: Final = 50  # in one sandbox
LONGEST: Final = 30  # characters of a name in an address, whose first part has 64


def seed(tenant: Tenant, _seed: str) -> None:
    """Let the cast live in a new sandbox; live data has real people."""
    if tenant.livemode:
        return
    for name in CAST:
        _settle(tenant, name)


def invented(memberships: MembershipQuerySet) -> MembershipQuerySet:
    """Return those of invented people: nobody may answer for a real one."""
    theirs = memberships.filter(tenant__kind=Tenant.Kind.SANDBOX)
    known = theirs.filter(user__email__endswith=f"@{DOMAIN}")
    return known.filter(user__password__startswith="!")  # noqa: S106 - none is usable


@transaction.atomic
def invent(tenant: Tenant, *, name: str, actor: Actor) -> Membership:
    """Let somebody with this name live in a sandbox."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)  # Counted one at a time.
    if tenant.livemode:
        raise Unprocessable("Live data has real people only.", param="tenant")
    if tenant.memberships.count() >= MOST:
        raise Unprocessable(f"A sandbox has at most {MOST} end users.")
    made = _settle(tenant, name)
    _record("end_user.invented", made, actor)
    return made


@transaction.atomic
def remove(place: Membership, *, actor: Actor) -> None:
    """Let a test end user live there no more. Harmless the second time.

    What was allowed as them ends with the place. Nobody signs in as one, so an account that belongs
    nowhere else goes too. It is held first, so whoever answers as them meanwhile waits.
    """
    known = Membership.objects.select_for_update(of=("self", "user"), no_key=True)
    current = known.select_related("user", "tenant").filter(pk=place.pk).first()
    if current is None:
        return
    _record("end_user.removed", current, actor)
    current.delete()
    user = current.user
    if not (user.is_staff or user.memberships.exists() or user.tenant_memberships.exists()):
        user.delete()


def _settle(tenant: Tenant, name: str) -> Membership:
    """Let somebody live there, at the first address of their name that is free."""
    first = slugify(name.partition(" ")[0])[:LONGEST] or "person"
    place, number = tenant.pk.partition("_")[2].lower(), 1
    email = f"{first}.{place}@{DOMAIN}"
    while User.objects.filter(email=email).exists():
        number += 1
        email = f"{first}-{number}.{place}@{DOMAIN}"
    return tenant.memberships.create(user=User.objects.create_user(email, name=name))


def _record(kind: str, place: Membership, actor: Actor) -> None:
    events.emit(
        kind,
        place.user,
        actor=actor,
        organization=place.tenant.organization_id,
        tenant=place.tenant_id,
        email=place.user.email,
        name=place.user.name,
    )
