"""How objects look to the outside, in answers and in events: plain dicts.

Written by hand because they are on the path of every request; tests hold them against the schema.
"""

from typing import Any
from uuid import UUID

from apps.commerce.methods import FAILURES
from apps.commerce.models import Customer, Order, Payment, Product, Refund, TenantRow
from apps.core import ids

Shape = dict[str, Any]


def _common(name: str, row: TenantRow, livemode: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    return {
        "object": name,
        "id": row.pk,
        "livemode": livemode,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "metadata": row.metadata,
    }


def customer(row: Customer, livemode: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a customer."""
    return {
        **_common("customer", row, livemode),
        "name": row.name,
        "email": row.email or None,
        "phone_number": row.phone or None,
    }


def product(row: Product, livemode: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a product."""
    return {
        **_common("product", row, livemode),
        "name": row.name,
        "sku": row.sku or None,
        "description": row.description or None,
        "unit_amount": row.unit_amount,
        "currency": row.currency,
        "active": row.active,
    }


def order(row: Order, livemode: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an order that was fetched as ``shown()``."""
    return {
        **_common("order", row, livemode),
        "status": row.status,
        "customer": row.customer_id,
        "currency": row.currency,
        "total": row.total,
        "amount_paid": row.amount_paid,
        "amount_refunded": row.amount_refunded,
        "note": row.note or None,
        "lines": [_line(line) for line in row.found_lines],
        "opened_at": row.opened_at,
        "paid_at": row.paid_at,
        "fulfilled_at": row.fulfilled_at,
        "canceled_at": row.canceled_at,
    }


def _line(line: Shape) -> Shape:
    quantity, unit_amount = line["quantity"], line["unit_amount"]
    return {
        "product": ids.encode("prd", UUID(line["product"])),
        "description": line["description"],
        "quantity": quantity,
        "unit_amount": unit_amount,
        "amount": quantity * unit_amount,
    }


def payment(row: Payment, livemode: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a payment."""
    code = row.failure_code
    waits = row.status == Payment.Status.REQUIRES_ACTION
    return {
        **_common("payment", row, livemode),
        "order": row.order_id,
        "status": row.status,
        "payment_method": row.payment_method,
        "amount": row.amount,
        "amount_refunded": row.amount_refunded,
        "currency": row.currency,
        "failure": {"code": code, "message": FAILURES.get(code, code)} if code else None,
        "next_action": {"type": "confirm"} if waits else None,
        "settled_at": row.settled_at,
    }


def refund(row: Refund, livemode: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a refund."""
    return {
        **_common("refund", row, livemode),
        "payment": row.payment_id,
        "amount": row.amount,
        "currency": row.currency,
        "reason": row.reason,
    }
