"""Payments over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.commerce.api import examples
from apps.commerce.api.base import CommerceView
from apps.commerce.api.resources import PAYMENT
from apps.commerce.api.serializers import MetadataChange, PaymentBody, PaymentSerializer
from apps.commerce.errors import (
    OrderBeingPaid,
    OrderStateConflict,
    PaymentMethodUnknown,
    PaymentStateConflict,
    ProcessorMissing,
    ReferenceMissing,
)
from apps.commerce.filters import PaymentFilters
from apps.commerce.models import Payment
from apps.commerce.services import payments
from apps.core.rest.operations import operation
from apps.core.rest.pagination import NEWEST
from apps.idempotency.rest import writes

EXPANDS = ("order", "order.customer", "order.lines.product")
SHOWN: dict[str, Any] = {
    "answer": PaymentSerializer,
    "example": examples.PAYMENT,
    "expands": EXPANDS,
}
READ, WRITE = ["payments:read"], ["payments:write"]
PROBLEMS = (
    PaymentMethodUnknown,
    ProcessorMissing,
    ReferenceMissing,
    OrderStateConflict,
    OrderBeingPaid,
)


class PaymentView(CommerceView):
    """Attempts to collect what orders cost."""

    model, resource = Payment, PAYMENT

    @operation(
        "payments_list",
        summary="List payments",
        scopes=READ,
        filters=PaymentFilters,
        sorts=(*NEWEST, "amount", "-amount"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of payments, newest first."""
        return self.page(self.mine())

    @writes(
        "payments_create",
        summary="Create a payment",
        scopes=WRITE,
        body=PaymentBody,
        asks=examples.NEW_PAYMENT,
        status=201,
        problems=PROBLEMS,
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Begin to collect an open order's total.

        The payment is settled a moment later: read it again, or listen for `payment.succeeded` and
        `payment.failed`.
        """
        made = payments.create(**self.body(PaymentBody), actor=self.caller)
        return self.answer(self.show(made), 201)

    @operation("payments_retrieve", summary="Retrieve a payment", scopes=READ, key="pay", **SHOWN)
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one payment."""
        return self.show(self.one(id))

    @writes(
        "payments_update",
        summary="Update a payment",
        scopes=WRITE,
        key="pay",
        body=MetadataChange,
        asks=examples.METADATA,
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the metadata."""
        payment = self.mine_to_change(id)
        return self.show(payments.update(payment, **self.body(MetadataChange), actor=self.caller))

    @writes(
        "payments_confirm",
        summary="Confirm a payment",
        scopes=WRITE,
        key="pay",
        problems=(PaymentStateConflict,),
        **SHOWN,
    )
    def confirm(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Do, in place of the customer, what a payment in `requires_action` waits for."""
        self.no_body()
        return self.show(payments.confirm(self.mine_to_change(id), actor=self.caller))

    @writes(
        "payments_cancel",
        summary="Cancel a payment",
        scopes=WRITE,
        key="pay",
        problems=(PaymentStateConflict,),
        **SHOWN,
    )
    def cancel(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Give up a payment in `requires_action`, so that the order can be paid differently."""
        self.no_body()
        return self.show(payments.cancel(self.mine_to_change(id), actor=self.caller))
