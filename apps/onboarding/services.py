"""What sign-up makes, so that a developer's first page already holds a working key."""

from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import User
from apps.applications import services as applications
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.keys import services as keys
from apps.keys.models import Key
from apps.orgs import services as orgs
from apps.orgs.actors import Actor
from apps.orgs.models import Organization
from apps.plans import services as plans
from apps.tenants import services as tenants
from apps.tenants.models import Tenant

SEED = "small shop"


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a new developer starts with."""

    organization: Organization
    sandbox: Tenant
    application: Application
    key: Key


@transaction.atomic
def welcome(user: User) -> Welcome | None:
    """Give ``user`` an organization, a seeded sandbox, an application and a key.

    Someone who belongs to an organization already has what it takes: None, and nothing happens.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)  # Two requests make one organization.
    if locked.memberships.exists():
        return None
    return found(f"{user.get_short_name().title()}'s organization"[:80], actor=user)


@transaction.atomic
def found(name: str, *, actor: User) -> Welcome:
    """Make an organization of ``actor`` with a seeded sandbox, an application and a key."""
    organization = orgs.create(name, actor=actor)
    tenants.open_live(organization, actor=actor)
    sandbox = tenants.open_sandbox(organization, name="Sandbox", seed=SEED, actor=actor)
    application = new_application(organization, name="My first application", actor=actor)
    issued = keys.issue(
        application,
        tenant=sandbox,
        name="First key",
        scopes=Scope.objects.shown_to().of_data().values_list("name", flat=True),
        actor=actor,
    )
    return Welcome(organization, sandbox, application, issued.key)


@transaction.atomic
def new_application(
    organization: Organization,
    *,
    name: str,
    actor: Actor,
    description: str = "",
    homepage: str = "",
) -> Application:
    """Make an application and put it on the default plan."""
    application = applications.create(
        organization, name=name, description=description, homepage=homepage, actor=actor
    )
    plans.subscribe(application, version=plans.default_version(), actor=actor)
    return application
