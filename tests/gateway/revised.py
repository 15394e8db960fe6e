"""Dated revisions of an API that tests make: papers/v1."""

from typing import Any

from apps.catalog.revisions import History, Pairs

history = History("papers", 1, first="2025-01-01")
second = history.revision("2025-06-01", "`a` is called `b`, `where` is called `address`.")
third = history.revision("2026-01-01", "`b` is called `c`, `address` is called `target`.")
BOTH = ("GET /echo", "POST /echo", "GET /problem/{status}", "GET /status/{number}")
MORE = ("GET /events/{count}", "GET /large/{bytes}", "GET /chunked")


@second.request("POST /echo")
def a_becomes_b(body: Any) -> Any:
    return {"b": body["a"]}


@third.request("POST /echo")
def b_becomes_c(body: Any) -> Any:
    return {"c": body["b"]}


@third.query("GET /echo")
def q_becomes_query(query: Pairs) -> Pairs:
    return [("query" if name == "q" else name, value) for name, value in query]


@third.response(*BOTH, *MORE)
def target_becomes_address(answer: Any) -> Any:
    answer["address"] = answer.pop("target")
    return answer


@second.response(*BOTH, *MORE)
def address_becomes_where(answer: Any) -> Any:
    answer["where"] = answer.pop("address")
    return answer


@third.response("GET /cached/{how}")
def asked_becomes_count(answer: Any) -> Any:
    return {"count": answer["asked"]}


@third.request("POST /problem/{status}")
def stumbles_on_the_way(body: Any) -> Any:
    return body["missing"]


@third.response("POST /cached/{how}")
def stumbles_on_the_way_back(answer: Any) -> Any:
    return answer["missing"]
