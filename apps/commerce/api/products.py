"""Products over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.commerce.api import examples
from apps.commerce.api.base import CommerceView
from apps.commerce.api.resources import PRODUCT
from apps.commerce.api.serializers import ProductBody, ProductSerializer
from apps.commerce.errors import ProductInUse, SkuTaken
from apps.commerce.filters import ProductFilters
from apps.commerce.models import Product
from apps.commerce.services import products
from apps.core.rest.operations import operation
from apps.core.rest.pagination import NEWEST
from apps.idempotency.rest import writes

SHOWN: dict[str, Any] = {"answer": ProductSerializer, "example": examples.PRODUCT}


class ProductView(CommerceView):
    """What can be ordered."""

    model, resource = Product, PRODUCT

    @operation(
        "products_list",
        summary="List products",
        scopes=["products:read"],
        filters=ProductFilters,
        sorts=(*NEWEST, "name", "-name", "unit_amount", "-unit_amount"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of products, newest first."""
        return self.page(self.mine())

    @writes(
        "products_create",
        summary="Create a product",
        scopes=["products:write"],
        body=ProductBody,
        asks=examples.NEW_PRODUCT,
        status=201,
        problems=(SkuTaken,),
        **SHOWN,
    )
    def create(self, request: Request) -> HttpResponse:
        """Add a product with its price in the currency's smallest unit."""
        made = products.create(**self.body(ProductBody), actor=self.caller)
        return self.answer(self.show(made), 201)

    @operation(
        "products_retrieve",
        summary="Retrieve a product",
        scopes=["products:read"],
        key="prd",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one product."""
        return self.show(self.one(id))

    @writes(
        "products_update",
        summary="Update a product",
        scopes=["products:write"],
        key="prd",
        body=ProductBody,
        asks={"unit_amount": 1990},
        problems=(SkuTaken,),
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change the members that are given. Orders keep the price they were made with."""
        product = self.mine_to_change(id)
        changes = self.body(ProductBody, partial=True)
        return self.show(products.update(product, **changes, actor=self.caller))

    @writes(
        "products_delete",
        summary="Delete a product",
        scopes=["products:write"],
        key="prd",
        status=204,
        problems=(ProductInUse,),
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """Delete a product that was never ordered; deactivate the others instead."""
        products.delete(self.mine_to_change(id), actor=self.caller)
