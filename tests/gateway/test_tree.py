"""Where several templates fit a path, the one that says most of it is found."""

import time

import pytest

from gateway.routes import Table
from gateway.store import OperationRow
from gateway.tree import Node, fits

TEMPLATES = [
    "/pets/{id}",
    "/pets/mine",
    "/pets/{id}.json",
    "/pets/{id}.{format}",
    "/pets/{id}.json/toys",
    "/compare/{base}...{head}",
    "/compare/{basehead}",
    "/files/{+path}",
    "/files/index",
    "/files/{name}/size",
    "/files/{+path}/history",
    "/files/{+path}/history/{number}",
    "/v{major}/{+rest}",
    "/v{major}/exactly:{verb}",
]


def tree() -> Node[str]:
    made: Node[str] = Node()
    for template in TEMPLATES:
        made.at(*template.split("/")[1:]).held["GET"] = template
    return made


TREE = tree()


def found(path: str) -> str | None:
    node = TREE.find(path.split("/")[1:])
    return node.held["GET"] if node else None


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/pets/mine", "/pets/mine"),
        ("/pets/7", "/pets/{id}"),
        ("/pets/7.json", "/pets/{id}.json"),
        ("/pets/a.b.json", "/pets/{id}.json"),
        ("/pets/7.xml", "/pets/{id}.{format}"),
        ("/pets/.json", "/pets/{id}"),
        ("/pets/7.", "/pets/{id}"),
        ("/pets/7.json/toys", "/pets/{id}.json/toys"),
        ("/compare/main...fix", "/compare/{base}...{head}"),
        ("/compare/main....fix", "/compare/{base}...{head}"),
        ("/compare/main..fix", "/compare/{basehead}"),
        ("/compare/...fix", "/compare/{basehead}"),
        ("/files/a", "/files/{+path}"),
        ("/files/a/b/c", "/files/{+path}"),
        ("/files/index", "/files/index"),
        ("/files/index/b", "/files/{+path}"),
        ("/files/a/size", "/files/{name}/size"),
        ("/files/a/b/size", "/files/{+path}"),
        ("/files/a/b/history", "/files/{+path}/history"),
        ("/files/a/b/history/2", "/files/{+path}/history/{number}"),
        ("/files/history", "/files/{+path}"),
        ("/v1/exactly:this", "/v{major}/exactly:{verb}"),
        ("/v1/exactly:", "/v{major}/{+rest}"),
        ("/v1/what/ever", "/v{major}/{+rest}"),
    ],
)
def test_it_finds(path: str, template: str) -> None:
    assert found(path) == template


@pytest.mark.parametrize(
    "path",
    ["/", "/pets", "/pets/", "/pets/7/toys", "/files", "/files/", "/files/a/", "/v/x", "/v1", "/x"],
)
def test_nothing_is_there(path: str) -> None:
    assert found(path) is None


def test_the_order_in_which_templates_come_changes_nothing() -> None:
    other: Node[str] = Node()
    for template in reversed(TEMPLATES):
        other.at(*template.split("/")[1:]).held["GET"] = template
    for path in ("/pets/7.json", "/compare/a...b", "/files/a/b/history", "/v1/exactly:this"):
        node = other.find(path.split("/")[1:])
        assert node is not None
        assert node.held["GET"] == found(path)


@pytest.mark.parametrize(
    ("segment", "fit"),
    [("a-b-c", True), ("a--c", False), ("-b-c", False), ("a-b-", False), ("a-b", False)],
)
def test_each_parameter_takes_a_character_at_least(segment: str, *, fit: bool) -> None:
    assert fits(("", "-", "-", ""), segment) is fit


def test_no_path_takes_long_to_be_refused() -> None:
    made: Node[str] = Node()
    made.at("{a}-{b}-{c}-{d}x").held["GET"] = "mixed"
    made.at("{+path}", "end").held["GET"] = "rest"
    began = time.process_time()
    assert made.find(["-" * 16_000]) is None
    assert made.find(["a"] * 8_000) is None
    assert time.process_time() - began < 0.05


def test_a_thousand_operations_are_compiled_in_no_time_that_anybody_notices() -> None:
    rows = [
        OperationRow("shop", 1, f"get_{n}", "GET", f"/things{n % 100}/{{id}}/part{n}", [f"s{n}"], 1)
        for n in range(1_000)
    ]
    began = time.process_time()
    table = Table(rows)
    assert time.process_time() - began < 1  # 0.05 on a machine that does nothing else
    assert table.find("GET", "/shop/v1/things7/abc/part907").name == "get_907"
    assert len(table.scopes["/shop/v1"]) == 1_000
