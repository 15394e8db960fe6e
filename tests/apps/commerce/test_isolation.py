"""What belongs to another tenant does not exist: for every operation that takes an identifier."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import override_settings

from apps.commerce import models
from apps.commerce.api import base
from apps.commerce.api.base import CommerceView
from apps.core import ids
from apps.core.compiled import OneRow
from apps.core.rest.errors import CursorInvalid
from apps.core.rest.pagination import Pages
from apps.idempotency.models import KeptAnswer
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
from tests.support import contract, make
from tests.support.api import Answer, Api, anonymous
from tests.support.shop import Shop

KINDS = {
    "customers": "cus",
    "products": "prd",
    "orders": "ord",
    "payments": "pay",
    "refunds": "rfd",
}
TABLES = [models.Customer, models.Product, models.Order, models.Line, models.Payment, models.Refund]


@dataclass(frozen=True)
class Operation:
    """An operation whose path names an object."""

    name: str
    method: str
    path: str
    scopes: tuple[str, ...]

    @property
    def plural(self) -> str:
        return self.path.split("/")[0]

    def send(self, api: Api, key: str) -> Answer:
        body: dict[str, Any] | None = {} if self.method == "PATCH" else None
        return api.send(self.method, self.path.replace("{id}", key), body)


def with_an_id() -> list[Operation]:
    return [
        Operation(
            described["operationId"],
            method.upper(),
            path.removeprefix("/commerce/v1/"),
            tuple(described["x-trellis-scopes"]),
        )
        for path, item in contract.document()["paths"].items()
        for method, described in item.items()
        if "{id}" in path
    ]


def filled(tenant: Tenant) -> dict[str, str]:
    """Fill a tenant with one object of each kind, and return their identifiers."""
    shop = Shop(Api(tenant))
    refund = shop.refund(amount=1)
    payment = shop.read("payments", {"id": refund["payment"]})
    order = shop.read("orders", {"id": payment["order"]})
    return {
        "refunds": refund["id"],
        "payments": payment["id"],
        "orders": order["id"],
        "customers": order["customer"],
        "products": order["lines"][0]["product"],
    }


def careless(model: Any) -> OneRow:
    """Return what finds a row by its key alone."""
    return OneRow(
        lambda _, key: model.objects.shown().filter(pk=key), prefixes=("tnt", model._meta.pk.prefix)
    )


def told(answer: Answer) -> Any:
    """Return what an answer tells, apart from what names the request itself."""
    body = answer.json()
    return answer.status, {
        name: value for name, value in body.items() if name not in {"request_id", "instance"}
    }


@pytest.fixture
def strangers(db: None) -> tuple[dict[str, str], list[Api]]:
    """One sandbox's objects, and callers of every other kind of tenant."""
    owner = make.organization()
    mine = make.sandbox(owner)
    others = [make.live(owner), make.sandbox(owner), make.sandbox()]
    return filled(mine), [Api(other) for other in others]


@pytest.mark.parametrize("operation", with_an_id(), ids=lambda operation: operation.name)
def test_another_tenants_object_is_as_missing_as_a_random_one(
    operation: Operation, strangers: tuple[dict[str, str], list[Api]]
) -> None:
    found, callers = strangers
    for stranger in callers:
        theirs = operation.send(stranger, found[operation.plural])
        nobodys = operation.send(stranger, ids.new(KINDS[operation.plural]))
        assert told(theirs) == told(nobodys)
        assert (theirs.status, theirs.code) == (404, "not_found")


@pytest.mark.parametrize("operation", with_an_id(), ids=lambda operation: operation.name)
def test_without_the_scope_even_the_own_object_is_refused(
    operation: Operation, sandbox: Tenant
) -> None:
    own = filled(sandbox)[operation.plural]
    narrow = Api(sandbox, scopes=["metadata:read"])
    mine, nobodys = operation.send(narrow, own), operation.send(narrow, ids.new("ord"))
    assert told(mine) == told(nobodys)
    assert (mine.status, mine.code) == (403, "scope_missing")
    assert mine.json()["scope"] in operation.scopes


@pytest.mark.parametrize("operation", with_an_id(), ids=lambda operation: operation.name)
def test_past_the_gateway_nobody_is_let_in(operation: Operation, sandbox: Tenant) -> None:
    own = filled(sandbox)[operation.plural]
    mine = anonymous(operation.method, operation.path.replace("{id}", own))
    assert (mine.status, mine.code) == (401, "caller_missing")
    assert "request_id" not in mine.json()


@pytest.mark.parametrize("plural", KINDS)
def test_lists_show_the_own_tenant_only(
    plural: str, strangers: tuple[dict[str, str], list[Api]]
) -> None:
    _, callers = strangers
    for stranger in callers:
        assert stranger.get(plural).json()["data"] == []


def test_another_tenants_object_cannot_be_named_in_a_body(
    strangers: tuple[dict[str, str], list[Api]],
) -> None:
    found, callers = strangers
    stranger = callers[-1]
    shop = Shop(stranger)
    customer = shop.customer()["id"]
    bodies: list[Callable[[str, str], tuple[str, dict[str, Any]]]] = [
        lambda cus, prd: ("orders", {"customer": cus, "currency": "eur"}),
        lambda cus, prd: (
            "orders",
            {"customer": customer, "currency": "eur", "lines": [{"product": prd}]},
        ),
    ]
    for body in bodies:
        answer = stranger.post(*body(found["customers"], found["products"]))
        assert (answer.status, answer.code) == (422, "reference_missing")
    for path, field, key, more in (
        ("payments", "order", found["orders"], {"payment_method": "pm_ok"}),
        ("refunds", "payment", found["payments"], {}),
    ):
        answer = stranger.post(path, {field: key, **more})
        assert (answer.status, answer.code) == (422, "reference_missing")


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_the_database_holds_when_the_filter_is_forgotten(model: Any, sandbox: Tenant) -> None:
    filled(sandbox)
    other = make.sandbox()
    with transaction.atomic(), acting_in(sandbox):
        assert model.objects.exists()
    with transaction.atomic(), acting_in(other):
        assert not model.objects.exists()
        assert not model.objects.update(tenant_id=other.pk)
    assert not model.objects.exists()  # acting nowhere


@pytest.mark.parametrize("model", TABLES)
def test_the_filter_holds_without_the_database(model: Any, sandbox: Tenant) -> None:
    filled(sandbox)
    other = make.sandbox()
    with transaction.atomic(), acting_in(sandbox):
        assert model.objects.visible_in(sandbox.pk).exists()
        assert not model.objects.visible_in(other.pk).exists()


def test_a_view_that_forgets_the_tenant_still_shows_nothing(
    strangers: tuple[dict[str, str], list[Api]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, callers = strangers
    monkeypatch.setattr(CommerceView, "mine", lambda view: view.model.objects.shown())
    monkeypatch.setattr(base, "finder", careless)
    for plural, key in found.items():
        for stranger in callers:
            assert stranger.get(f"{plural}/{key}").status == 404
            assert stranger.get(plural).json()["data"] == []


def test_a_row_cannot_be_written_into_another_tenant(sandbox: Tenant) -> None:
    other = make.sandbox()
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        transaction.atomic(),
        acting_in(sandbox),
    ):
        models.Customer.objects.create(tenant=other, name="Mallory")


def test_a_cursor_is_bound_to_the_installation(sandbox: Tenant, shop: Shop) -> None:
    shop.customer()
    shop.customer()
    cursor = shop.api.get("customers?limit=1").json()["next_cursor"]
    with override_settings(SECRET_KEY="another"):
        assert shop.api.get(f"customers?starting_after={cursor}").code == "cursor_invalid"


def test_an_identifier_of_another_tenant_is_no_cursor_even_without_the_database(
    sandbox: Tenant, shop: Shop
) -> None:
    key = shop.customer()["id"]
    sorts = ("-created_at",)
    with transaction.atomic(), acting_in(sandbox):
        rows = models.Customer.objects.all()
        Pages("customers", sandbox.pk, sorts).cut(rows, {"starting_after": key})
        with pytest.raises(CursorInvalid):
            Pages("customers", ids.new("tnt"), sorts).cut(rows, {"starting_after": key})


@pytest.mark.parametrize("model", [*TABLES, KeptAnswer])
def test_the_wall_stands_before_the_owner_of_the_table_too(db: None, model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s",
            [model._meta.db_table],
        )
        assert cursor.fetchall() == [(True, True)]
