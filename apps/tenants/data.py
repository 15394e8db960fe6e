"""How apps with tenants' data take part in a tenant's life.

An app above this one registers itself in ``AppConfig.ready()``; tenants never import it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.tenants.models import Tenant

Seeder = Callable[["Tenant", str], None]

seeders: dict[str, Seeder] = {}


def register(name: str, *, seed: Seeder) -> None:
    """Let app ``name`` fill a new tenant: ``seed(tenant, seed_name)`` runs acting in the tenant."""
    seeders[name] = seed
