"""What can happen to an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.commerce.errors import (
    CurrencyMismatch,
    OrderBeingPaid,
    OrderEmpty,
    OrderNotRefunded,
    OrderStateConflict,
    ProductInactive,
    ReferenceMissing,
)
from apps.commerce.models import Customer, Line, Order, Payment, Product
from apps.commerce.services.recording import record
from apps.core import clock
from apps.core.caller import Caller

Status = Order.Status
Lines = Sequence[Mapping[str, Any]]
UNDER_WAY = (Payment.Status.REQUIRES_ACTION, Payment.Status.PROCESSING)


@transaction.atomic
def create(*, customer: str, currency: str, lines: Lines = (), actor: Caller, **rest: Any) -> Order:
    """Make a draft. ``lines`` name a product and a quantity; prices are those of the products.

    A customer or product that the tenant does not have is ReferenceMissing.
    """
    _check_customer(customer, actor)
    positions = _positions(lines, currency=currency, actor=actor)
    order = Order.objects.create(
        tenant_id=actor.tenant,
        customer_id=customer,
        currency=currency,
        total=_total(positions),
        **rest,
    )
    _place(positions, order)
    fresh: Order = order.refresh()
    record("order.created", fresh, actor=actor)
    return fresh


@transaction.atomic
def update(order: Order, *, actor: Caller, **changes: Any) -> Order:
    """Change customer and lines of a draft; note and metadata of any order."""
    positions = None
    if "customer" in changes:
        _check_customer(changes["customer"], actor)
        changes["customer_id"] = changes.pop("customer")
    if "lines" in changes:
        positions = _positions(changes.pop("lines"), currency=order.currency, actor=actor)
        changes["total"] = _total(positions)
    in_draft = positions is not None or "customer_id" in changes
    if not order.change(if_state=Status.DRAFT if in_draft else None, **changes):
        raise _conflict(order, "Customer and lines can only be changed in a draft")
    if positions is not None:
        Line.objects.filter(order=order).delete()
        _place(positions, order)
    fresh = order.refresh()
    record("order.updated", fresh, actor=actor)
    return fresh


@transaction.atomic
def delete(order: Order, *, actor: Caller) -> None:
    """Delete a draft; OrderStateConflict otherwise."""
    if not order.change(if_state=Status.DRAFT):
        raise _conflict(order, "Only a draft can be deleted")
    record("order.deleted", order.refresh(), actor=actor)
    order.delete()


@transaction.atomic
def place(order: Order, *, actor: Caller) -> Order:
    """Open a draft, so that it can be paid; OrderEmpty without lines."""
    if not order.change(if_state=Status.DRAFT, status=Status.OPEN, opened_at=clock.now()):
        raise _conflict(order, "Only a draft can be opened")
    fresh = order.refresh()
    if not fresh.found_lines:
        raise OrderEmpty(f"{order.pk} has no lines. Add some first.")
    record("order.opened", fresh, actor=actor)
    return fresh


@transaction.atomic
def fulfill(order: Order, *, actor: Caller) -> Order:
    """Mark a paid order as delivered."""
    if not order.change(if_state=Status.PAID, status=Status.FULFILLED, fulfilled_at=clock.now()):
        raise _conflict(order, "Only a paid order can be fulfilled")
    fresh = order.refresh()
    record("order.fulfilled", fresh, actor=actor)
    return fresh


@transaction.atomic
def cancel(order: Order, *, actor: Caller) -> Order:
    """Cancel an order that is not fulfilled: a paid one only when everything was refunded."""
    locked: Order = Order.objects.select_for_update().get(pk=order.pk)
    if locked.status in {Status.FULFILLED, Status.CANCELED}:
        raise _conflict(locked, "It can no longer be canceled")
    if payment := locked.payments.filter(status__in=UNDER_WAY).first():
        raise OrderBeingPaid(f"{payment.pk} is {payment.status}. Wait for it, or cancel it first.")
    if left := locked.amount_paid - locked.amount_refunded:
        raise OrderNotRefunded(f"{left} {locked.currency} of {order.pk} are not refunded yet.")
    locked.change(status=Status.CANCELED, canceled_at=clock.now())
    fresh = locked.refresh()
    record("order.canceled", fresh, actor=actor)
    return fresh


def _conflict(order: Order, words: str) -> OrderStateConflict:
    status = Order.objects.values_list("status", flat=True).get(pk=order.pk)
    return OrderStateConflict(f"{order.pk} is {status}. {words}.", order_status=status)


def _check_customer(customer: str, actor: Caller) -> None:
    if not Customer.objects.visible_in(actor.tenant).filter(pk=customer).exists():
        raise ReferenceMissing(f"There is no customer {customer}.", param="customer")


def _positions(lines: Lines, *, currency: str, actor: Caller) -> list[Line]:
    wanted = {line["product"] for line in lines}
    known = Product.objects.visible_in(actor.tenant).in_bulk(wanted) if wanted else {}
    positions = []
    for number, line in enumerate(lines):
        param, product = f"lines[{number}].product", known.get(line["product"])
        if product is None:
            raise ReferenceMissing(f"There is no product {line['product']}.", param=param)
        if not product.active:
            raise ProductInactive(f"{product.pk} ({product.name}) is not sold.", param=param)
        if product.currency != currency:
            raise CurrencyMismatch(
                f"{product.pk} is priced in {product.currency}, the order in {currency}.",
                param=param,
            )
        positions.append(
            Line(
                tenant_id=actor.tenant,
                product=product,
                position=number,
                description=product.name,
                quantity=line["quantity"],
                unit_amount=product.unit_amount,
            )
        )
    return positions


def _total(positions: list[Line]) -> int:
    return sum(line.quantity * line.unit_amount for line in positions)


def _place(positions: list[Line], order: Order) -> None:
    for line in positions:
        line.order = order
    Line.objects.bulk_create(positions)
