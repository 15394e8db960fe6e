"""Events about a shop's objects, with the object as it is after what happened."""

from collections.abc import Callable

import orjson

from apps.commerce import shapes
from apps.commerce.models import Customer, Order, Payment, Product, Refund, TenantRow
from apps.core.caller import Caller
from apps.events import services as events
from apps.tenants.models import Tenant

SYSTEM = "system"
SHAPES: dict[type[TenantRow], Callable[..., shapes.Shape]] = {
    Customer: shapes.customer,
    Product: shapes.product,
    Order: shapes.order,
    Payment: shapes.payment,
    Refund: shapes.refund,
}


def record(kind: str, row: TenantRow, *, actor: Caller) -> None:
    """Record that ``kind`` happened to ``row``, which was fetched as ``shown()``."""
    shape = SHAPES[type(row)](row, actor.livemode)
    events.emit(
        kind,
        row,
        actor=actor.subject or actor.credential,
        organization=actor.organization,
        application=actor.application,
        tenant=actor.tenant,
        object=orjson.loads(orjson.dumps(shape, option=orjson.OPT_UTC_Z)),
    )


def platform(tenant: Tenant, *, application: str) -> Caller:
    """Return the platform itself as the actor of what falls due in ``tenant``."""
    return Caller(
        request_id="",
        application=application,
        organization=tenant.organization_id,
        tenant=tenant.pk,
        livemode=tenant.livemode,
        credential=SYSTEM,
        scopes=frozenset(),
    )
