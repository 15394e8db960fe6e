"""ETags save a download and keep two writers apart."""

from tests.support.api import Api
from tests.support.shop import Shop


def test_what_the_caller_holds_is_not_sent_again(api: Api, shop: Shop) -> None:
    path = f"orders/{shop.order()['id']}"
    tag = api.get(path).headers["ETag"]
    again = api.get(path, If_None_Match=tag)
    assert (again.status, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert api.get(path, If_None_Match=f'"other", W/{tag}').status == 304
    assert api.get(path, If_None_Match='"other"').status == 200
    api.patch(path, {"note": "Ring"})
    assert api.get(path, If_None_Match=tag).status == 200


def test_no_cache_between_shares_what_belongs_to_one_caller(api: Api, shop: Shop) -> None:
    path = f"orders/{shop.order()['id']}"
    for answer in (api.get(path), api.get("orders"), api.get("orders/ord_none")):
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_an_expanded_answer_changes_with_what_is_inside(api: Api, shop: Shop) -> None:
    order = shop.order()
    path = f"orders/{order['id']}?expand[]=customer"
    tag = api.get(path).headers["ETag"]
    api.patch(f"customers/{order['customer']}", {"name": "New"})
    assert api.get(path, If_None_Match=tag).status == 200


def test_a_list_has_an_etag_of_its_content(api: Api, shop: Shop) -> None:
    shop.customer()
    tag = api.get("customers").headers["ETag"]
    assert api.get("customers", If_None_Match=tag).status == 304
    shop.customer()
    assert api.get("customers", If_None_Match=tag).status == 200


def test_the_second_of_two_writers_is_told(api: Api, shop: Shop) -> None:
    path = f"orders/{shop.order()['id']}"
    tag = api.get(path).headers["ETag"]
    assert api.patch(path, {"note": "first"}, If_Match=tag).status == 200
    for answer in (
        api.patch(path, {"note": "second"}, If_Match=tag),
        api.delete(path, If_Match=tag),
        api.post(f"{path}/open", If_Match=tag),
        api.patch(path, {"note": "second"}, If_Match="nonsense"),
        api.patch(path, {"note": "second"}, If_Match='W/"v2"'),
    ):
        assert (answer.status, answer.code) == (412, "precondition_failed")
        assert answer.headers["ETag"] == '"v2"'
    assert api.get(path).json()["note"] == "first"
    assert api.patch(path, {"note": "third"}, If_Match='"v1", "v2"').status == 200
    assert api.patch(path, {"note": "fourth"}, If_Match="*").status == 200


def test_the_etag_of_an_expanded_answer_serves_for_writing(api: Api, shop: Shop) -> None:
    path = f"orders/{shop.order()['id']}"
    tag = api.get(f"{path}?expand[]=customer").headers["ETag"]
    assert api.patch(path, {"note": "x"}, If_Match=tag).status == 200
