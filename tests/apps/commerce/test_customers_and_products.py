"""A developer keeps customers and products."""

import pytest

from apps.events.models import Event
from tests.support.api import Api
from tests.support.shop import Shop


def kinds() -> list[str]:
    return list(
        Event.objects.filter(tenant__gt="", type__regex="^(customer|product)")
        .order_by("id")
        .values_list("type", flat=True)
    )


def test_a_customer_is_made_read_changed_and_deleted(api: Api) -> None:
    made = api.post(
        "customers", {"name": "Ada", "email": "ada@example.com", "metadata": {"a": "b"}}
    )
    customer = made.json()
    assert (made.status, made.headers["ETag"]) == (201, '"v1"')
    assert customer["object"] == "customer"
    assert customer["livemode"] is False
    assert customer["metadata"] == {"a": "b"}
    changed = api.patch(f"customers/{customer['id']}", {"phone_number": "030", "email": None})
    assert changed.headers["ETag"] == '"v2"'
    assert api.get(f"customers/{customer['id']}").json() == changed.json()
    assert changed.json()["email"] is None
    assert api.delete(f"customers/{customer['id']}").status == 204
    assert api.get(f"customers/{customer['id']}").status == 404
    assert kinds() == ["customer.created", "customer.updated", "customer.deleted"]


def test_an_event_says_who_did_it_and_holds_the_object(api: Api, shop: Shop) -> None:
    customer = shop.customer(name="Ada")
    event = Event.objects.get(type="customer.created")
    assert event.actor == api.caller.credential
    assert event.application == api.caller.application
    assert event.tenant == api.caller.tenant
    assert event.data["object"] == customer
    assert event.request_id.startswith("req_")


def test_a_customer_with_orders_stays(api: Api, shop: Shop) -> None:
    order = shop.order()
    answer = api.delete(f"customers/{order['customer']}")
    assert (answer.status, answer.code) == (409, "customer_in_use")
    assert not Event.objects.filter(type="customer.deleted").exists()
    assert api.get(f"customers/{order['customer']}").status == 200


def test_an_ordered_product_stays(api: Api, shop: Shop) -> None:
    product = shop.order()["lines"][0]["product"]
    answer = api.delete(f"products/{product}")
    assert (answer.status, answer.code) == (409, "product_in_use")
    assert api.patch(f"products/{product}", {"active": False}).json()["active"] is False


def test_a_product_that_was_never_ordered_can_go(api: Api, shop: Shop) -> None:
    product = shop.product()
    assert api.delete(f"products/{product['id']}").status == 204
    assert api.get(f"products/{product['id']}").code == "not_found"


def test_a_sku_names_one_product(api: Api, shop: Shop) -> None:
    shop.product(sku="A-1")
    other = shop.product(sku="A-2")
    body = {"name": "Bell", "unit_amount": 1, "currency": "eur", "sku": "A-1"}
    for answer in (
        api.post("products", body),
        api.patch(f"products/{other['id']}", {"sku": "A-1"}),
    ):
        assert (answer.status, answer.code) == (409, "sku_taken")
        assert answer.json()["param"] == "sku"
    assert len(api.get("products").json()["data"]) == 2


def test_products_without_sku_do_not_collide(shop: Shop) -> None:
    assert shop.product(sku=None)["sku"] is None
    assert shop.product(sku="")["sku"] is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount": 100_000_000}, "unit_amount"),
        ({"unit_amount": "1890"}, "unit_amount"),
        ({"unit_amount": 18.9}, "unit_amount"),
        ({"unit_amount": True}, "unit_amount"),
        ({"currency": "euro"}, "currency"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"active": "yes"}, "active"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {str(n): "" for n in range(51)}}, "metadata"),
        ({"metadata": {"a": "x" * 501}}, "metadata"),
        ({"metadata": {"": "x"}}, "metadata"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(api: Api, body: dict[str, object], param: str) -> None:
    answer = api.post("products", {"name": "Bell", "unit_amount": 1, "currency": "eur"} | body)
    problem = answer.json()
    assert (answer.status, problem["code"]) == (400, "validation_failed")
    assert [error["param"] for error in problem["errors"]] == [param]
    assert api.get("products").json()["data"] == []


def test_what_is_missing_is_named_all_at_once(api: Api) -> None:
    problem = api.post("products", {}).json()
    named = {error["param"]: error["code"] for error in problem["errors"]}
    assert named == {"name": "required", "unit_amount": "required", "currency": "required"}


@pytest.mark.parametrize(
    "name", ["id", "tenant", "tenant_id", "livemode", "version", "created_at", "object"]
)
def test_no_member_but_those_documented_can_be_set(api: Api, name: str) -> None:
    answer = api.post("customers", {"name": "Ada", name: "x"})
    assert (answer.status, answer.code) == (400, "parameter_unknown")
    assert answer.json()["param"] == name
    assert api.get("customers").json()["data"] == []
