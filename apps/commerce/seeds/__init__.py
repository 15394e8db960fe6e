"""What a sandbox begins with. The same seed always tells the same story."""

from collections.abc import Callable

from apps.commerce.seeds import small_shop
from apps.tenants.models import Tenant

SEEDS: dict[str, Callable[[Tenant], None]] = {
    "empty": lambda tenant: None,
    "small shop": small_shop.fill,
}


def fill(tenant: Tenant, seed: str) -> None:
    """Fill ``tenant``, in which the caller acts, from ``seed``; LookupError for an unknown one."""
    if seed not in SEEDS:
        raise LookupError(f"{seed!r} is not a seed. There are: {', '.join(SEEDS)}.")
    SEEDS[seed](tenant)
