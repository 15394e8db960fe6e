"""The compiled catalog finds the one operation of a request, or says what is wrong."""

import asyncio
from typing import cast

import pytest

from apps.core.rest.errors import MethodNotAllowed
from gateway.problems import CatalogUnavailable, OperationUnknown, VersionUnknown
from gateway.routes import Routes, Table
from gateway.store import OperationRow, Store, StoreDown, UpstreamRow
from gateway.upstreams import Upstreams


def row(method: str, path: str, name: str, *, api: str = "shop", major: int = 1) -> OperationRow:
    return OperationRow(api, major, name, method, path, [], 1)


TABLE = Table(
    [
        row("GET", "/orders", "orders_list"),
        row("GET", "/orders/{id}", "orders_get"),
        row("PATCH", "/orders/{id}", "orders_patch"),
        row("GET", "/orders/recent", "orders_recent"),
        row("POST", "/orders/{id}/open", "orders_open"),
        row("POST", "/orders/recent/clear", "orders_clear"),
        row("GET", "/orders", "orders_list_2", major=2),
        row("GET", "/", "root", api="other"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/shop/v1/orders", "orders_list"),
        ("GET", "/shop/v2/orders", "orders_list_2"),
        ("GET", "/shop/v1/orders/ord_1", "orders_get"),
        ("HEAD", "/shop/v1/orders/ord_1", "orders_get"),
        ("PATCH", "/shop/v1/orders/ord_1", "orders_patch"),
        ("GET", "/shop/v1/orders/recent", "orders_recent"),
        ("POST", "/shop/v1/orders/recent/clear", "orders_clear"),
        ("POST", "/shop/v1/orders/recent/open", "orders_open"),
        ("GET", "/other/v1/", "root"),
    ],
)
def test_it_finds(method: str, path: str, name: str) -> None:
    assert TABLE.find(method, path).name == name


@pytest.mark.parametrize(
    "path", ["/", "/nobody/v1/orders", "/shop/v1", "/shop/v1/", "/shop/v1/orders/", "/shop/v1/x/y"]
)
def test_no_operation_is_there(path: str) -> None:
    with pytest.raises(OperationUnknown):
        TABLE.find("GET", path)


@pytest.mark.parametrize("path", ["/shop", "/shop/", "/shop/v3/orders", "/shop/orders"])
def test_no_such_version(path: str) -> None:
    with pytest.raises(VersionUnknown, match="v1, v2"):
        TABLE.find("GET", path)


def test_another_method_is_offered() -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        TABLE.find("DELETE", "/shop/v1/orders/ord_1")
    assert refused.value.headers == {"Allow": "GET, HEAD, PATCH"}


class Catalog:
    """A store whose catalog a test writes; away while there is none."""

    def __init__(self) -> None:
        self.rows: list[OperationRow] | None = None

    async def operations(self) -> list[OperationRow]:
        if self.rows is None:
            raise StoreDown
        return self.rows

    async def upstreams(self) -> list[UpstreamRow]:
        return []


def serves(routes: Routes, path: str) -> bool:
    try:
        routes.find("GET", path, "")
    except (OperationUnknown, CatalogUnavailable):
        return False
    return True


def test_the_catalog_is_read_when_postgresql_comes_and_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.routes.RETRY", 0.05)
    monkeypatch.setattr("gateway.routes.REFRESH", 0.1)

    async def work() -> None:
        catalog = Catalog()
        routes = Routes(cast("Store", catalog), Upstreams("http://127.0.0.1:1"))
        await routes.start()
        assert not serves(routes, "/shop/v1/orders")
        for path in ("/orders", "/customers"):
            catalog.rows = [row("GET", path, "list")]
            await asyncio.sleep(0.5)
            assert serves(routes, f"/shop/v1{path}")
        catalog.rows = None
        await asyncio.sleep(0.3)
        assert serves(routes, "/shop/v1/customers")
        await routes.stop()

    asyncio.run(work())
