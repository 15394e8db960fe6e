"""Make one of anything: ``make.key()``. A bare call is valid and unremarkable."""

from itertools import count
from typing import Any

from apps.accounts.models import User
from apps.applications import presenting
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.keys import services as keys
from apps.keys.services import Issued
from apps.onboarding import services as onboarding
from apps.orgs import services as orgs
from apps.orgs.models import Organization
from apps.plans import services as plans
from apps.plans.models import Plan
from apps.tenants import services as tenants
from apps.tenants.models import Tenant

PASSWORD = "correct horse battery"
LIMITS = [
    {"name": "burst", "kind": "rate", "scope": "application", "limit": 100, "window": 1},
    {"name": "month", "kind": "quota", "scope": "application", "limit": 100_000, "period": "month"},
]

number = count(1)


def user(**fields: Any) -> User:
    """Make a person who can sign in with ``PASSWORD``."""
    fields = {"email": f"dev{next(number)}@example.com", "password": PASSWORD, **fields}
    return User.objects.create_user(**fields)


def operator(**fields: Any) -> User:
    """Make a person who may do everything in the admin."""
    return user(is_staff=True, is_superuser=True, **fields)


def organization(owner: User | None = None, name: str = "Bicycle Shop") -> Organization:
    """Make an organization with its live tenant."""
    founder = owner or user()
    made = orgs.create(name, actor=founder)
    tenants.open_live(made, actor=founder)
    return made


def developer(**fields: Any) -> User:
    """Make a person who owns an organization."""
    made = user(**fields)
    organization(made)
    return made


def sandbox(of: Organization | None = None, *, seed: str = "empty") -> Tenant:
    """Make a sandbox, empty unless ``seed`` says otherwise."""
    return tenants.open_sandbox(of or organization(), name="Sandbox", seed=seed, actor=None)


def live(of: Organization) -> Tenant:
    """Return the organization's live tenant."""
    return of.tenants.get(kind=Tenant.Kind.LIVE)


def plan() -> Plan:
    """Make the default plan, once."""
    return plans.publish("free", name="Free", limits=LIMITS, is_default=True).plan


def scopes(*names: str) -> list[str]:
    """Make scopes known to the catalog."""
    for name in names:
        Scope.objects.get_or_create(name=name, defaults={"title": name})
    return list(names)


def application(
    of: Organization | None = None,
    *,
    approved: bool = False,
    name: str = "Invoicer",
    description: str = "Writes an invoice for each order.",
) -> Application:
    """Make an application on the default plan."""
    plan()
    owner = of or organization()
    founder = owner.memberships.get(role="owner").user
    made = onboarding.new_application(owner, name=name, description=description, actor=founder)
    if approved:
        every = sorted(Scope.objects.values_list("name", flat=True))
        Application.objects.filter(pk=made.pk).update(
            state=Application.State.APPROVED, requested_scopes=every, approved_scopes=every
        )
        made.refresh_from_db()
        presenting.keep(made)
    return made


def key(
    of: Application | None = None,
    *,
    tenant: Tenant | None = None,
    scopes: tuple[str, ...] = (),
    **fields: Any,
) -> Issued:
    """Issue a key, in a new sandbox unless ``tenant`` says otherwise."""
    owner = of or application()
    world = tenant or sandbox(owner.organization)
    for name in scopes:
        Scope.objects.get_or_create(name=name, defaults={"title": name})
    if world.livemode:
        owner.approved_scopes = sorted({*owner.approved_scopes, *scopes})
        owner.save(update_fields=["approved_scopes"])
    return keys.issue(
        owner, tenant=world, name="Key", scopes=scopes, actor=owner.created_by, **fields
    )
