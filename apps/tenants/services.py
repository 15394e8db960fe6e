"""What can happen to a tenant."""

from django.db import models, transaction

from apps.events import services as events
from apps.orgs.models import Organization
from apps.tenants import data
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant


@transaction.atomic
def open_live(organization: Organization, *, actor: models.Model | None) -> Tenant:
    """Make the organization's live tenant, empty."""
    tenant = Tenant.objects.create(organization=organization, kind=Tenant.Kind.LIVE, name="Live")
    _record(tenant, actor)
    return tenant


@transaction.atomic
def open_sandbox(
    organization: Organization, *, name: str, seed: str, actor: models.Model | None
) -> Tenant:
    """Make a sandbox and fill it from ``seed``."""
    tenant = Tenant.objects.create(
        organization=organization, kind=Tenant.Kind.SANDBOX, name=name, seed=seed
    )
    fill(tenant, seed=seed)
    _record(tenant, actor)
    return tenant


@transaction.atomic
def fill(tenant: Tenant, *, seed: str) -> None:
    """Let every app with tenants' data fill an empty tenant from ``seed``."""
    with acting_in(tenant):
        for seeder in data.seeders.values():
            seeder(tenant, seed)


def _record(tenant: Tenant, actor: models.Model | None) -> None:
    events.emit(
        "tenant.opened",
        tenant,
        actor=actor,
        organization=tenant.organization_id,
        tenant=tenant.pk,
        kind=tenant.kind,
    )
