"""One object of each kind, as the documentation shows it."""

from typing import Any

CUSTOMER_ID = "cus_01NThrfYqWkD7dUfQm3aZB"
PRODUCT_ID = "prd_01NThrfZ2nXo8kVbTc5eYD"
ORDER_ID = "ord_01NThrfbH4mPq9sWdRj7gF"
PAYMENT_ID = "pay_01NThrfcK5tRu2yXfLk8hG"
REFUND_ID = "rfd_01NThrfdN6vSw3zYgMm9jH"


def _common(name: str, key: str) -> dict[str, Any]:
    return {
        "object": name,
        "id": key,
        "livemode": False,
        "created_at": "2026-11-22T10:15:30.123456Z",
        "updated_at": "2026-11-22T10:15:30.123456Z",
        "metadata": {},
    }


CUSTOMER = _common("customer", CUSTOMER_ID) | {
    "name": "Ada Lindqvist",
    "email": "ada@example.com",
    "phone_number": None,
}
PRODUCT = _common("product", PRODUCT_ID) | {
    "name": "Bell, brass",
    "sku": "BELL-BR",
    "description": None,
    "unit_amount": 1890,
    "currency": "eur",
    "active": True,
}
ORDER = _common("order", ORDER_ID) | {
    "status": "draft",
    "customer": CUSTOMER_ID,
    "currency": "eur",
    "total": 3780,
    "amount_paid": 0,
    "amount_refunded": 0,
    "note": None,
    "lines": [
        {
            "product": PRODUCT_ID,
            "description": "Bell, brass",
            "quantity": 2,
            "unit_amount": 1890,
            "amount": 3780,
        }
    ],
    "opened_at": None,
    "paid_at": None,
    "fulfilled_at": None,
    "canceled_at": None,
}
OPENED = ORDER | {"status": "open", "opened_at": "2026-11-22T10:16:00.000001Z"}
PAYMENT = _common("payment", PAYMENT_ID) | {
    "order": ORDER_ID,
    "status": "processing",
    "payment_method": "pm_ok",
    "amount": 3780,
    "amount_refunded": 0,
    "currency": "eur",
    "failure": None,
    "next_action": None,
    "settled_at": None,
}
REFUND = _common("refund", REFUND_ID) | {
    "payment": PAYMENT_ID,
    "amount": 1890,
    "currency": "eur",
    "reason": "requested_by_customer",
}
NEW_CUSTOMER = {"name": "Ada Lindqvist", "email": "ada@example.com"}
NEW_PRODUCT = {"name": "Bell, brass", "sku": "BELL-BR", "unit_amount": 1890, "currency": "eur"}
NEW_ORDER = {
    "customer": CUSTOMER_ID,
    "currency": "eur",
    "lines": [{"product": PRODUCT_ID, "quantity": 2}],
}
NEW_PAYMENT = {"order": ORDER_ID, "payment_method": "pm_ok"}
NEW_REFUND = {"payment": PAYMENT_ID, "amount": 1890}
METADATA = {"metadata": {"invoice": "2026-0042"}}
