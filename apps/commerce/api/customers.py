"""Customers over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.commerce.api import examples
from apps.commerce.api.base import CommerceView
from apps.commerce.api.resources import CUSTOMER
from apps.commerce.api.serializers import CustomerBody, CustomerSerializer
from apps.commerce.errors import CustomerInUse
from apps.commerce.filters import CustomerFilters
from apps.commerce.models import Customer
from apps.commerce.services import customers
from apps.core.rest.operations import operation
from apps.core.rest.pagination import NEWEST
from apps.idempotency.rest import writes

SHOWN: dict[str, Any] = {"answer": CustomerSerializer, "example": examples.CUSTOMER}


class CustomerView(CommerceView):
    """Buyers."""

    model, resource = Customer, CUSTOMER

    @operation(
        "customers_list",
        summary="List customers",
        scopes=["customers:read"],
        filters=CustomerFilters,
        sorts=(*NEWEST, "name", "-name"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of customers, newest first."""
        return self.page(self.mine())

    @writes(
        "customers_create",
        summary="Create a customer",
        scopes=["customers:write"],
        body=CustomerBody,
        asks=examples.NEW_CUSTOMER,
        status=201,
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Add a customer. Only the name is required."""
        made = customers.create(**self.body(CustomerBody), actor=self.caller)
        return self.answer(self.show(made), 201)

    @operation(
        "customers_retrieve",
        summary="Retrieve a customer",
        scopes=["customers:read"],
        key="cus",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one customer."""
        return self.show(self.one(id))

    @writes(
        "customers_update",
        summary="Update a customer",
        scopes=["customers:write"],
        key="cus",
        body=CustomerBody,
        asks={"phone_number": "+49 30 1234567"},
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the members that are given; null clears an optional one."""
        customer = self.mine_to_change(id)
        changes = self.body(CustomerBody, partial=True)
        return self.show(customers.update(customer, **changes, actor=self.caller))

    @writes(
        "customers_delete",
        summary="Delete a customer",
        scopes=["customers:write"],
        key="cus",
        status=204,
        problems=(CustomerInUse,),
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Delete a customer who has no orders."""
        customers.delete(self.mine_to_change(id), actor=self.caller)
