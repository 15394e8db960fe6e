"""Lists come in pages, filtered, sorted, expanded and reduced as the caller asks."""

from typing import Any, cast

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.commerce.api.resources import CUSTOMER
from apps.commerce.models import Order
from apps.core import ids
from apps.core.rest.expansion import Resource
from apps.tenants.models import Tenant
from tests.support import make
from tests.support.api import Api
from tests.support.shop import Shop


@pytest.fixture
def busy(db: None) -> Api:
    """An application in a sandbox with a month of business."""
    return Api(make.sandbox(seed="small shop"))


def pages(api: Api, path: str, way: str = "starting_after") -> list[list[str]]:
    """Follow the cursors to the end, and return the identifiers of each page."""
    found, cursor = [], ""
    while True:
        page = api.get(path + (f"&{way}={cursor}" if cursor else "")).json()
        found.append([each["id"] for each in page["data"]])
        assert page["has_more"] is bool(page["next_cursor"])
        if not page["has_more"]:
            return found
        cursor = page["next_cursor"]


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "total", "-total", "-updated_at"])
def test_cursors_lead_through_every_row_once_in_order(busy: Api, sort: str) -> None:
    found = pages(busy, f"orders?limit=7&sort={sort}")
    assert [len(page) for page in found] == [7, 7, 7, 7, 7, 7, 3]
    whole = busy.get(f"orders?limit=100&sort={sort}").json()["data"]
    assert [key for page in found for key in page] == [order["id"] for order in whole]
    values = [order[sort.removeprefix("-")] for order in whole]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_pages_stay_as_they_were_while_rows_are_added(api: Api, shop: Shop) -> None:
    before = [shop.customer()["id"] for _ in range(5)]
    first = api.get("customers?limit=2").json()
    shop.customer()
    second = api.get(f"customers?limit=2&starting_after={first['next_cursor']}").json()
    shop.customer()
    third = api.get(f"customers?limit=2&starting_after={second['next_cursor']}").json()
    seen = [each["id"] for page in (first, second, third) for each in page["data"]]
    assert seen == before[::-1]
    assert (third["has_more"], third["next_cursor"]) == (False, None)


def test_rows_of_one_value_are_told_apart(api: Api, shop: Shop) -> None:
    for _ in range(5):
        shop.product(unit_amount=500)
    found = pages(api, "products?limit=2&sort=unit_amount")
    assert len({key for page in found for key in page}) == 5


def test_an_identifier_leads_forward_and_back(busy: Api) -> None:
    whole = [each["id"] for each in busy.get("orders?limit=100").json()["data"]]
    after = busy.get(f"orders?limit=3&starting_after={whole[9]}").json()
    assert [each["id"] for each in after["data"]] == whole[10:13]
    before = busy.get(f"orders?limit=3&ending_before={whole[10]}").json()
    assert [each["id"] for each in before["data"]] == whole[7:10]
    more = busy.get(f"orders?limit=100&ending_before={before['next_cursor']}").json()
    assert [each["id"] for each in more["data"]] == whole[:7]
    assert more["has_more"] is False


@pytest.mark.parametrize("way", ["starting_after", "ending_before"])
def test_a_cursor_that_this_list_did_not_make_is_refused(busy: Api, way: str) -> None:
    mine = busy.get("orders?limit=1").json()["next_cursor"]
    other = Api(make.sandbox(seed="small shop")).get("orders?limit=1").json()
    forged = [
        mine[:-1] + ("A" if mine[-1] != "A" else "B"),
        "A" + mine[1:],
        "nonsense",
        "ä",
        other["next_cursor"],
        other["data"][0]["id"],
        busy.get("payments?limit=1").json()["next_cursor"],
        busy.get("orders?limit=1&sort=total").json()["next_cursor"],
        ids.new("ord"),
        busy.get("customers?limit=1").json()["data"][0]["id"],
    ]
    for cursor in forged:
        answer = busy.get(f"orders?{way}={cursor}")
        assert (answer.status, answer.code) == (400, "cursor_invalid"), cursor
        assert answer.json()["param"] == way


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=٣"])
def test_a_limit_is_a_number_from_1_to_100(busy: Api, query: str) -> None:
    answer = busy.get(f"orders?{query}")
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json()["param"] == "limit"
    assert [error["param"] for error in answer.json()["errors"]] == ["limit"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("sort=customer", "sort"),
        ("status=lost", "status"),
        ("created_after=yesterday", "created_after"),
        ("total_min=much", "total_min"),
        ("limit=1&limit=2", "limit"),
        ("starting_after=a&ending_before=b", "ending_before"),
        ("customer=%00", "customer"),
    ],
)
def test_a_filter_of_the_wrong_kind_is_named(busy: Api, query: str, param: str) -> None:
    answer = busy.get(f"orders?{query}")
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json()["param"] == param


@pytest.mark.parametrize("query", ["stauts=paid", "tenant=x", "expand=customer", "offset=2"])
def test_an_unknown_parameter_is_named(busy: Api, query: str) -> None:
    answer = busy.get(f"orders?{query}")
    assert (answer.status, answer.code) == (400, "parameter_unknown")
    assert answer.json()["param"] == query.partition("=")[0]
    assert "sort" in answer.json()["detail"]


def test_orders_are_filtered(busy: Api) -> None:
    whole = busy.get("orders?limit=100").json()["data"]
    some = whole[20]
    wanted: list[tuple[str, Any]] = [
        ("status=paid", lambda order: order["status"] == "paid"),
        (f"customer={some['customer']}", lambda order: order["customer"] == some["customer"]),
        ("total_min=10000", lambda order: order["total"] >= 10_000),
        ("total_max=10000&status=open", lambda o: o["total"] <= 10_000 and o["status"] == "open"),
        (f"created_after={some['created_at']}", lambda o: o["created_at"] >= some["created_at"]),
        (f"created_before={some['created_at']}", lambda o: o["created_at"] < some["created_at"]),
        (f"customer={ids.new('cus')}", lambda _: False),
    ]
    for query, fits in wanted:
        found = busy.get(f"orders?limit=100&{query}").json()["data"]
        assert found == [order for order in whole if fits(order)], query


def test_customers_are_found_by_an_address_in_any_case_and_by_a_part_of_the_name(
    busy: Api,
) -> None:
    wanted = busy.get("customers").json()["data"][3]
    for query in (f"email={wanted['email'].upper()}", f"name={wanted['name'][1:].upper()}"):
        found = busy.get(f"customers?{query}").json()["data"]
        assert wanted in found
        assert len(found) < 20


def test_expansion_goes_three_levels_deep_and_no_deeper(busy: Api) -> None:
    path = "refunds?expand[]=payment.order.customer&expand[]=payment.order&limit=1"
    refund = busy.get(path).json()["data"][0]
    assert refund["payment"]["order"]["customer"]["object"] == "customer"
    deep = busy.get("refunds?expand[]=payment.order.lines.product&limit=1").json()["data"][0]
    assert deep["payment"]["order"]["lines"][0]["product"]["object"] == "product"
    unknown = busy.get("refunds?expand[]=payment.order.customer.orders")
    assert (unknown.status, unknown.code) == (400, "expansion_unknown")


def test_a_fourth_level_is_refused(busy: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # The shop's own objects end after three levels; those of another API need not.
    monkeypatch.setitem(cast("dict[str, Resource]", CUSTOMER.links), "referrer", CUSTOMER)
    assert busy.get("refunds?expand[]=payment.order.customer&limit=1").status == 200
    answer = busy.get("refunds?expand[]=payment.order.customer.referrer")
    assert (answer.status, answer.code) == (400, "expansion_too_deep")
    assert answer.json()["param"] == "expand[]"
    assert "more than 3 levels" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["note", "customer.name", "lines", "id", "customer.", ""])
def test_only_links_can_be_expanded(busy: Api, path: str) -> None:
    answer = busy.get(f"orders?expand[]={path}")
    assert (answer.status, answer.code) == (400, "expansion_unknown")
    assert "lines.product" in answer.json()["detail"] or "customer" in path


def test_only_the_chosen_members_are_answered(busy: Api) -> None:
    order = busy.get("orders?limit=1&fields=total,status").json()["data"][0]
    assert set(order) == {"object", "id", "total", "status"}
    answer = busy.get("orders?fields=total,price")
    assert (answer.status, answer.code) == (400, "parameter_unknown")
    assert answer.json()["param"] == "fields"


def test_members_that_the_scopes_do_not_cover_are_absent(busy: Api, db: None) -> None:
    tenant = Tenant.objects.get(pk=busy.caller.tenant)
    narrow = Api(tenant, scopes=["orders:read"])
    order = narrow.get("orders?limit=1").json()["data"][0]
    assert "amount_paid" not in order
    assert "total" in order
    assert "amount_paid" in busy.get(f"orders/{order['id']}").json()
    answer = narrow.get("orders?expand[]=customer")
    assert (answer.status, answer.code) == (403, "scope_missing")
    assert answer.json()["scope"] == "customers:read"


@pytest.mark.parametrize(
    "path",
    ["orders", "orders?expand[]=customer&expand[]=lines.product", "customers", "products"],
)
def test_a_page_costs_the_same_however_long(busy: Api, path: str) -> None:
    joint = "&" if "?" in path else "?"

    def cost(limit: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(busy.get(f"{path}{joint}limit={limit}").json()["data"]) in {limit, 8}
        return len(queries)

    assert cost(1) == cost(12)


def test_a_refund_with_everything_expanded_costs_one_query_each(busy: Api) -> None:
    query = "expand[]=payment.order.customer&expand[]=payment.order.lines.product"
    costs = []
    for limit in (1, 4):
        with CaptureQueriesContext(connection) as queries:
            busy.get(f"refunds?{query}&limit={limit}")
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_seed_tells_the_same_story_each_time(busy: Api) -> None:
    def story(api: Api) -> list[Any]:
        found = api.get("orders?limit=100&expand[]=customer").json()["data"]
        return [(o["status"], o["total"], o["customer"]["name"], len(o["lines"])) for o in found]

    mine = story(busy)
    assert len(mine) == 45
    assert mine == story(Api(make.sandbox(seed="small shop")))
    assert len(busy.get("customers").json()["data"]) == 8
    assert len(busy.get("products").json()["data"]) == 12
    statuses = {each["status"] for each in busy.get("payments?limit=100").json()["data"]}
    assert statuses >= {"succeeded", "failed", "requires_action", "refunded", "partially_refunded"}


def test_the_seed_adds_up(busy: Api) -> None:
    for order in busy.get("orders?limit=100").json()["data"]:
        assert order["total"] == sum(line["amount"] for line in order["lines"])
        paid = busy.get(f"payments?order={order['id']}&limit=100").json()["data"]
        assert order["amount_refunded"] == sum(each["amount_refunded"] for each in paid)
        if order["status"] in {Order.Status.PAID, Order.Status.FULFILLED}:
            assert order["amount_paid"] == order["total"]


def test_an_unknown_seed_is_refused(db: None) -> None:
    with pytest.raises(LookupError, match="small shop"):
        make.sandbox(seed="large shop")
