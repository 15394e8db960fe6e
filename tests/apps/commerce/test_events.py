"""Whatever happens in a shop is told, in the order in which it happens."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.commerce.services import payments
from apps.events.models import Event
from apps.events.registry import kinds
from tests.support.api import Api
from tests.support.shop import Shop

Life = Callable[[Api, Shop], Any]
FAMILIES = ("customer.", "product.", "order.", "payment.", "refund.")


def changed(api: Api, plural: str, made: Any, **fields: Any) -> Any:
    """Change something, and return it."""
    answer = api.patch(f"{plural}/{made['id']}", fields)
    assert answer.status == 200
    return answer.json()


def gone(api: Api, plural: str, made: Any) -> Any:
    """Delete something, and return what it was."""
    assert api.delete(f"{plural}/{made['id']}").status == 204
    return made


def after(api: Api, plural: str, made: Any, act: str) -> Any:
    """Do ``act`` to something, and return it."""
    answer = api.post(f"{plural}/{made['id']}/{act}")
    assert answer.status == 200
    return answer.json()


def customer(api: Api, shop: Shop) -> Any:
    return gone(api, "customers", changed(api, "customers", shop.customer(), phone_number="030"))


def product(api: Api, shop: Shop) -> Any:
    return gone(api, "products", changed(api, "products", shop.product(), active=False))


def draft(api: Api, shop: Shop) -> Any:
    return gone(api, "orders", changed(api, "orders", shop.order(), note="Ring"))


def canceled_order(api: Api, shop: Shop) -> Any:
    return after(api, "orders", shop.order(opened=True), "cancel")


def fulfilled_order(api: Api, shop: Shop) -> Any:
    order = shop.order(opened=True)
    shop.payment(order=order["id"])
    return after(api, "orders", order, "fulfill")


def canceled_payment(api: Api, shop: Shop) -> Any:
    begun = shop.payment("pm_requires_action")
    return after(api, "payments", changed(api, "payments", begun, metadata={"a": "b"}), "cancel")


def confirmed_payment(api: Api, shop: Shop) -> Any:
    confirmed = after(api, "payments", shop.payment("pm_requires_action"), "confirm")
    payments.settle_due()
    shop.refund(confirmed)
    return confirmed


def failed_payment(api: Api, shop: Shop) -> Any:
    return shop.payment("pm_declined")


def refund(api: Api, shop: Shop) -> Any:
    return changed(api, "refunds", shop.refund(), metadata={"a": "b"})


LIVES: dict[Life, list[str]] = {
    customer: ["customer.created", "customer.updated", "customer.deleted"],
    product: ["product.created", "product.updated", "product.deleted"],
    draft: ["order.created", "order.updated", "order.deleted"],
    canceled_order: ["order.created", "order.opened", "order.canceled"],
    fulfilled_order: ["order.created", "order.opened", "order.paid", "order.fulfilled"],
    canceled_payment: ["payment.created", "payment.updated", "payment.canceled"],
    confirmed_payment: [
        "payment.created",
        "payment.processing",
        "payment.succeeded",
        "payment.refunded",
    ],
    failed_payment: ["payment.created", "payment.failed"],
    refund: ["refund.created", "refund.updated"],
}


@pytest.mark.parametrize(("life", "told"), LIVES.items())
def test_each_step_of_a_life_is_told_once(
    api: Api, shop: Shop, life: Life, told: list[str]
) -> None:
    subject = life(api, shop)["id"]
    happened = Event.objects.filter(subject=subject, tenant=api.caller.tenant).order_by("id")
    assert list(happened.values_list("type", flat=True)) == told
    assert {event.data["object"]["id"] for event in happened} == {subject}


def test_no_event_of_a_shop_goes_untried() -> None:
    known = {kind for kind in kinds if kind.startswith(FAMILIES)}
    assert {kind for told in LIVES.values() for kind in told} == known
