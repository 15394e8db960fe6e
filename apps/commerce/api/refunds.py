"""Refunds over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.commerce.api import examples
from apps.commerce.api.base import CommerceView
from apps.commerce.api.resources import REFUND
from apps.commerce.api.serializers import MetadataChange, RefundBody, RefundSerializer
from apps.commerce.errors import PaymentStateConflict, ReferenceMissing, RefundTooLarge
from apps.commerce.filters import RefundFilters
from apps.commerce.models import Refund
from apps.commerce.services import refunds
from apps.core.rest.operations import operation
from apps.core.rest.pagination import NEWEST
from apps.idempotency.rest import writes

EXPANDS = ("payment", "payment.order", "payment.order.customer", "payment.order.lines.product")
SHOWN: dict[str, Any] = {"answer": RefundSerializer, "example": examples.REFUND, "expands": EXPANDS}
READ, WRITE = ["payments:read"], ["payments:write"]


class RefundView(CommerceView):
    """Money that goes back."""

    model, resource = Refund, REFUND

    @operation(
        "refunds_list",
        summary="List refunds",
        scopes=READ,
        filters=RefundFilters,
        sorts=(*NEWEST, "amount", "-amount"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of refunds, newest first."""
        return self.page(self.mine())

    @writes(
        "refunds_create",
        summary="Create a refund",
        scopes=WRITE,
        body=RefundBody,
        asks=examples.NEW_REFUND,
        status=201,
        problems=(ReferenceMissing, PaymentStateConflict, RefundTooLarge),
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Give back a part of a payment, or all that is left of it."""
        made = refunds.create(**self.body(RefundBody), actor=self.caller)
        return self.answer(self.show(made), 201)

    @operation("refunds_retrieve", summary="Retrieve a refund", scopes=READ, key="rfd", **SHOWN)
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one refund."""
        return self.show(self.one(id))

    @writes(
        "refunds_update",
        summary="Update a refund",
        scopes=WRITE,
        key="rfd",
        body=MetadataChange,
        asks=examples.METADATA,
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the metadata."""
        refund = self.mine_to_change(id)
        return self.show(refunds.update(refund, **self.body(MetadataChange), actor=self.caller))
