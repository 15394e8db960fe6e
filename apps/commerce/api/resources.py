"""How the objects hang together: what expands into what, and which scopes they need."""

from collections.abc import Iterable
from typing import Any

from apps.commerce import shapes
from apps.commerce.api import serializers
from apps.commerce.models import Customer, Order, Payment, Product, Refund, TenantRow
from apps.core.rest.expansion import Resource


def _resource(
    model: type[TenantRow], *, scope: str, serializer: Any, present: Any, **more: Any
) -> Resource:
    def load(tenant: str, keys: Iterable[str]) -> Iterable[Any]:
        rows: Iterable[Any] = model.objects.visible_in(tenant).shown().filter(pk__in=keys)
        return rows

    return Resource(
        name=model.__name__.lower(),
        scope=scope,
        members=frozenset(serializer().fields),
        present=present,
        load=load,
        **more,
    )


CUSTOMER = _resource(
    Customer,
    scope="customers:read",
    serializer=serializers.CustomerSerializer,
    present=shapes.customer,
)
PRODUCT = _resource(
    Product,
    scope="products:read",
    serializer=serializers.ProductSerializer,
    present=shapes.product,
)
ORDER = _resource(
    Order,
    scope="orders:read",
    serializer=serializers.OrderSerializer,
    present=shapes.order,
    links={"customer": CUSTOMER, "lines.product": PRODUCT},
    guarded={"amount_paid": "payments:read", "amount_refunded": "payments:read"},
)
PAYMENT = _resource(
    Payment,
    scope="payments:read",
    serializer=serializers.PaymentSerializer,
    present=shapes.payment,
    links={"order": ORDER},
)
REFUND = _resource(
    Refund,
    scope="payments:read",
    serializer=serializers.RefundSerializer,
    present=shapes.refund,
    links={"payment": PAYMENT},
)
