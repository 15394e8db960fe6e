"""What can happen to a product."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.commerce.errors import ProductInUse, SkuTaken
from apps.commerce.models import Product
from apps.commerce.services.recording import record
from apps.core.caller import Caller


@transaction.atomic
def create(*, actor: Caller, **values: Any) -> Product:
    """Make a product: ``name``, ``unit_amount``, ``currency``, and perhaps more; or SkuTaken."""
    with _sku(values.get("sku")):
        made = Product.objects.create(tenant_id=actor.tenant, **values)
    record("product.created", made, actor=actor)
    return made


@transaction.atomic
def update(product: Product, *, actor: Caller, **changes: Any) -> Product:
    """Change what ``create`` sets; orders keep the price they were made with."""
    with _sku(changes.get("sku")):
        product.change(**changes)
    fresh = product.refresh()
    record("product.updated", fresh, actor=actor)
    return fresh


@transaction.atomic
def delete(product: Product, *, actor: Caller) -> None:
    """Delete a product that was never ordered; ProductInUse otherwise."""
    record("product.deleted", product, actor=actor)
    try:
        product.delete()
    except ProtectedError:
        raise ProductInUse(
            f"{product.pk} was ordered. Set active to false to stop its sale."
        ) from None


@contextmanager
def _sku(sku: str | None) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "product_sku_once" not in str(error):
            raise
        raise SkuTaken(f"Another product has the SKU {sku!r}.", param="sku") from None
