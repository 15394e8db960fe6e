"""Dated revisions of the commerce API, and what serves callers of older ones.

Beside this file lie recorded examples: ``<revision>/<function>.json`` holds bodies or queries
before and after, and a test runs every function over its own.
"""

from collections.abc import Iterator
from typing import Any

from apps.catalog.revisions import History, Pairs

CUSTOMERS = ("customers_list", "customers_create", "customers_retrieve", "customers_update")
ORDERS = (
    *("orders_list", "orders_create", "orders_retrieve", "orders_update"),
    *("orders_open", "orders_fulfill", "orders_cancel"),
)
PAYMENTS = (
    *("payments_list", "payments_create", "payments_retrieve", "payments_update"),
    *("payments_confirm", "payments_cancel"),
)
REFUNDS = ("refunds_list", "refunds_create", "refunds_retrieve", "refunds_update")

history = History("commerce", 1, first="2026-06-01", words="The API as it was first published.")
phone_numbers = history.revision(
    "2026-11-01",
    "A customer's `phone` is called `phone_number`, as OpenID Connect calls it: in requests, in "
    "answers, where a customer is expanded, and in `fields`.",
)


@phone_numbers.request("customers_create", "customers_update")
def phone_becomes_phone_number(body: Any) -> Any:
    """Take ``phone`` for ``phone_number``."""
    return _renamed(body, "phone", "phone_number")


@phone_numbers.query(*CUSTOMERS)
def field_becomes_phone_number(query: Pairs) -> Pairs:
    """Take ``phone`` among ``fields`` for ``phone_number``."""
    return [
        (name, ",".join(map(_newer, value.split(","))) if name == "fields" else value)
        for name, value in query
    ]


@phone_numbers.response(*CUSTOMERS)
def phone_number_becomes_phone(answer: Any) -> Any:
    """Say ``phone`` of customers."""
    return _older(answer)


@phone_numbers.response(*ORDERS)
def phone_number_becomes_phone_in_orders(answer: Any) -> Any:
    """Say ``phone`` of customers in orders, where they are expanded."""
    return _older(answer, "customer")


@phone_numbers.response(*PAYMENTS)
def phone_number_becomes_phone_in_payments(answer: Any) -> Any:
    """Say ``phone`` of customers in orders of payments."""
    return _older(answer, "order", "customer")


@phone_numbers.response(*REFUNDS)
def phone_number_becomes_phone_in_refunds(answer: Any) -> Any:
    """Say ``phone`` of customers in orders of payments of refunds."""
    return _older(answer, "payment", "order", "customer")


def _older(answer: Any, *path: str) -> Any:
    """Say ``phone`` of every customer at ``path``, in an object or in a list of them."""
    for customer in _at(answer, path):
        _renamed(customer, "phone_number", "phone")
    return answer


def _at(answer: Any, path: tuple[str, ...]) -> Iterator[Any]:
    found = answer["data"] if answer.get("object") == "list" else [answer]
    for name in path:
        found = [inner for one in found if isinstance(inner := one.get(name), dict)]
    yield from found


def _renamed(body: Any, old: str, new: str) -> Any:
    """Rename a member in its place; what is no object is for the service to refuse."""
    if not isinstance(body, dict) or old not in body:
        return body
    members = list(body.items())
    body.clear()
    body.update((new if name == old else name, value) for name, value in members)
    return body


def _newer(name: str) -> str:
    return "phone_number" if name.strip() == "phone" else name.strip()
