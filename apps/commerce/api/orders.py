"""Orders over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.commerce.api import examples
from apps.commerce.api.base import CommerceView
from apps.commerce.api.resources import ORDER
from apps.commerce.api.serializers import OrderBody, OrderChange, OrderSerializer
from apps.commerce.errors import (
    CurrencyMismatch,
    OrderBeingPaid,
    OrderEmpty,
    OrderNotRefunded,
    OrderStateConflict,
    ProductInactive,
    ReferenceMissing,
)
from apps.commerce.filters import OrderFilters
from apps.commerce.models import Order
from apps.commerce.services import orders
from apps.core.rest.operations import operation
from apps.core.rest.pagination import NEWEST
from apps.idempotency.rest import writes

EXPANDS = ("customer", "lines.product")
SHOWN: dict[str, Any] = {"answer": OrderSerializer, "example": examples.ORDER, "expands": EXPANDS}
LINES = (ReferenceMissing, ProductInactive, CurrencyMismatch)
WRITE = ["orders:write"]


class OrderView(CommerceView):
    """What customers buy."""

    model, resource = Order, ORDER

    @operation(
        "orders_list",
        summary="List orders",
        scopes=["orders:read"],
        filters=OrderFilters,
        sorts=(*NEWEST, "updated_at", "-updated_at", "total", "-total"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of orders, newest first."""
        return self.page(self.mine())

    @writes(
        "orders_create",
        summary="Create an order",
        scopes=WRITE,
        body=OrderBody,
        asks=examples.NEW_ORDER,
        status=201,
        problems=LINES,
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Draft an order. Its lines take the products' present prices."""
        made = orders.create(**self.body(OrderBody), actor=self.caller)
        return self.answer(self.show(made), 201)

    @operation(
        "orders_retrieve",
        summary="Retrieve an order",
        scopes=["orders:read"],
        key="ord",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one order with its lines."""
        return self.show(self.one(id))

    @writes(
        "orders_update",
        summary="Update an order",
        scopes=WRITE,
        key="ord",
        body=OrderChange,
        asks={"note": "Ring twice."},
        problems=(OrderStateConflict, *LINES),
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the members that are given: customer and lines only while it is a draft."""
        order = self.mine_to_change(id)
        changes = self.body(OrderChange)
        return self.show(orders.update(order, **changes, actor=self.caller))

    @writes(
        "orders_delete",
        summary="Delete a draft",
        scopes=WRITE,
        key="ord",
        status=204,
        problems=(OrderStateConflict,),
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Delete an order that is still a draft; cancel the others instead."""
        orders.delete(self.mine_to_change(id), actor=self.caller)

    @writes(
        "orders_open",
        summary="Open an order",
        scopes=WRITE,
        key="ord",
        problems=(OrderStateConflict, OrderEmpty),
        **SHOWN | {"example": examples.OPENED},
    )
    def place(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Open a draft: its lines are final and it can be paid."""
        self.no_body()
        return self.show(orders.place(self.mine_to_change(id), actor=self.caller))

    @writes(
        "orders_fulfill",
        summary="Fulfill an order",
        scopes=WRITE,
        key="ord",
        problems=(OrderStateConflict,),
        **SHOWN,
    )
    def fulfill(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Mark a paid order as delivered."""
        self.no_body()
        return self.show(orders.fulfill(self.mine_to_change(id), actor=self.caller))

    @writes(
        "orders_cancel",
        summary="Cancel an order",
        scopes=WRITE,
        key="ord",
        problems=(OrderStateConflict, OrderBeingPaid, OrderNotRefunded),
        **SHOWN,
    )
    def cancel(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Cancel an order that is not fulfilled. Refund a paid one in full first."""
        self.no_body()
        return self.show(orders.cancel(self.mine_to_change(id), actor=self.caller))
