"""An order goes from draft to fulfilled."""

import pytest

from apps.core import ids
from apps.events.models import Event
from tests.support.api import Api
from tests.support.shop import Shop


def test_a_draft_takes_the_products_present_prices(api: Api, shop: Shop) -> None:
    bell, light = shop.product(unit_amount=1890), shop.product(name="Light", unit_amount=4290)
    lines = [{"product": bell["id"], "quantity": 2}, {"product": light["id"]}]
    order = shop.order(lines=lines)
    assert order["status"] == "draft"
    assert order["total"] == 2 * 1890 + 4290
    assert [line["amount"] for line in order["lines"]] == [3780, 4290]
    api.patch(f"products/{bell['id']}", {"unit_amount": 9999})
    assert shop.read("orders", order) == order


def test_it_is_opened_paid_and_fulfilled(api: Api, shop: Shop) -> None:
    order = shop.order(opened=True)
    assert order["opened_at"]
    shop.payment(order=order["id"])
    paid = shop.read("orders", order)
    assert (paid["status"], paid["amount_paid"]) == ("paid", order["total"])
    done = api.post(f"orders/{order['id']}/fulfill").json()
    assert (done["status"], bool(done["fulfilled_at"])) == ("fulfilled", True)
    happened = Event.objects.filter(subject=order["id"]).order_by("id")
    assert [event.type for event in happened] == [
        "order.created",
        "order.opened",
        "order.paid",
        "order.fulfilled",
    ]


def test_only_a_draft_can_be_changed_or_deleted(api: Api, shop: Shop) -> None:
    draft = shop.order()
    other = [{"product": shop.product(unit_amount=5)["id"], "quantity": 3}]
    assert api.patch(f"orders/{draft['id']}", {"lines": other}).json()["total"] == 15
    assert api.delete(f"orders/{draft['id']}").status == 204
    order = shop.order(opened=True)
    for answer in (
        api.patch(f"orders/{order['id']}", {"lines": other}),
        api.patch(f"orders/{order['id']}", {"customer": order["customer"]}),
        api.delete(f"orders/{order['id']}"),
        api.post(f"orders/{order['id']}/open"),
        api.post(f"orders/{order['id']}/fulfill"),
    ):
        assert (answer.status, answer.code) == (409, "order_state_conflict")
        assert answer.json()["order_status"] == "open"
    assert shop.read("orders", order) == order
    assert api.patch(f"orders/{order['id']}", {"note": "Ring"}).json()["note"] == "Ring"


def test_an_order_without_lines_stays_a_draft(api: Api, shop: Shop) -> None:
    order = shop.order(lines=[])
    answer = api.post(f"orders/{order['id']}/open")
    assert (answer.status, answer.code) == (422, "order_empty")
    assert shop.read("orders", order) == order


def test_canceling_waits_for_the_payment_and_its_refund(api: Api, shop: Shop) -> None:
    order = shop.order(opened=True)
    payment = shop.payment("pm_slow", order=order["id"])
    assert api.post(f"orders/{order['id']}/cancel").code == "order_being_paid"
    other = shop.payment()
    assert api.post(f"orders/{other['order']}/cancel").code == "order_not_refunded"
    shop.refund(other)
    assert api.post(f"orders/{other['order']}/cancel").json()["status"] == "canceled"
    assert api.post(f"orders/{other['order']}/cancel").code == "order_state_conflict"
    assert shop.read("payments", payment)["status"] == "processing"


@pytest.mark.parametrize("kind", ["missing", "inactive", "currency"])
def test_a_line_must_be_for_sale(api: Api, shop: Shop, kind: str) -> None:
    fine = shop.product()["id"]
    product = ids.new("prd")
    if kind != "missing":
        active, currency = kind != "inactive", "usd" if kind == "currency" else "eur"
        product = shop.product(active=active, currency=currency)["id"]
    code = {
        "missing": "reference_missing",
        "inactive": "product_inactive",
        "currency": "currency_mismatch",
    }[kind]
    customer = shop.customer()["id"]
    lines = [{"product": fine}, {"product": product}]
    answer = api.post("orders", {"customer": customer, "currency": "eur", "lines": lines})
    assert (answer.status, answer.code) == (422, code)
    assert answer.json()["param"] == "lines[1].product"
    assert api.get("orders").json()["data"] == []


def test_mistakes_inside_lines_are_named_by_path(api: Api, shop: Shop) -> None:
    product = shop.product()["id"]
    lines = [{"product": product}, {"product": "prd_x", "quantity": 0}]
    body = {"customer": shop.customer()["id"], "currency": "eur", "lines": lines}
    named = [error["param"] for error in api.post("orders", body).json()["errors"]]
    assert named == ["lines[1].product", "lines[1].quantity"]
    body["lines"] = [{"product": product, "unit_amount": 1}]
    problem = api.post("orders", body).json()
    assert (problem["code"], problem["param"]) == ("parameter_unknown", "lines[0].unit_amount")


def test_an_action_takes_no_members(api: Api, shop: Shop) -> None:
    order = shop.order()
    answer = api.post(f"orders/{order['id']}/open", {"status": "paid"})
    assert (answer.status, answer.code) == (400, "parameter_unknown")
    assert shop.read("orders", order)["status"] == "draft"
