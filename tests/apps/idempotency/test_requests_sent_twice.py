"""The same request sent twice under one key has one effect."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse

from apps.commerce.api.customers import CustomerView
from apps.commerce.models import Customer
from apps.commerce.services import customers
from apps.core import clock, ids
from apps.events.models import Event as Happened
from apps.idempotency import services as idempotency
from apps.idempotency import tasks
from apps.idempotency.models import KeptAnswer
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
from tests.support import make
from tests.support.api import Answer, Api

BODY = {"name": "Ada"}


@pytest.fixture
def sandbox(db: None) -> Tenant:
    return make.sandbox()


@pytest.fixture
def api(sandbox: Tenant) -> Api:
    return Api(sandbox)


def names(api: Api) -> list[str]:
    return [customer["name"] for customer in api.get("customers").json()["data"]]


def test_the_second_gets_the_first_ones_answer(api: Api) -> None:
    first = api.post("customers", BODY, Idempotency_Key="a")
    second = api.post("customers", BODY, Idempotency_Key="a")
    assert (second.status, second.content) == (first.status, first.content) == (201, first.content)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Trellis-Request-Id"] != first.headers["Trellis-Request-Id"]
    assert names(api) == ["Ada"]
    assert Happened.objects.filter(type="customer.created").count() == 1


def test_it_holds_for_patch_delete_and_actions(api: Api) -> None:
    customer = api.post("customers", BODY).json()["id"]
    for _ in range(2):
        changed = api.patch(f"customers/{customer}", {"name": "Eve"}, Idempotency_Key="b")
        assert (changed.status, changed.headers["ETag"]) == (200, '"v2"')
    gone = [api.delete(f"customers/{customer}", Idempotency_Key="c") for _ in range(2)]
    assert [answer.status for answer in gone] == [204, 204]
    assert "Content-Type" not in gone[1].headers
    assert gone[1].headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "body"),
    [("customers", {"name": "Eve"}), ("customers?fields=name", BODY), ("products", BODY)],
)
def test_another_request_under_the_same_key_is_refused(
    api: Api, path: str, body: dict[str, Any]
) -> None:
    api.post("customers", BODY, Idempotency_Key="a")
    answer = api.post(path, body, Idempotency_Key="a")
    assert (answer.status, answer.code) == (422, "idempotency_mismatch")
    assert names(api) == ["Ada"]


def test_keys_are_an_applications_own_in_one_tenant(api: Api, sandbox: Tenant) -> None:
    api.post("customers", BODY, Idempotency_Key="a")
    for other in (
        Api(sandbox),
        Api(make.sandbox(), application=api.caller.application),
    ):
        assert (
            "Idempotency-Replayed" not in other.post("customers", BODY, Idempotency_Key="a").headers
        )
    rotated = Api(sandbox, application=api.caller.application)
    assert rotated.post("customers", BODY, Idempotency_Key="a").headers["Idempotency-Replayed"]


def test_a_refused_request_is_not_kept(api: Api) -> None:
    assert api.post("customers", {}, Idempotency_Key="a").status == 400
    assert not KeptAnswer.objects.exists()
    assert api.post("customers", BODY, Idempotency_Key="a").status == 201
    assert api.delete(f"customers/{ids.new('cus')}", Idempotency_Key="b").status == 404
    assert api.post("customers", BODY, Idempotency_Key="b").status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "tab\tin"])
def test_a_key_is_short_printable_text(api: Api, key: str) -> None:
    answer = api.post("customers", BODY, Idempotency_Key=key)
    assert (answer.status, answer.code) == (400, "idempotency_key_invalid")
    assert names(api) == []


def test_a_key_of_255_characters_will_do(api: Api) -> None:
    assert api.post("customers", BODY, Idempotency_Key="x" * 255).status == 201


def test_a_key_is_forgotten_after_24_hours(api: Api, sandbox: Tenant) -> None:
    api.post("customers", BODY, Idempotency_Key="a")
    with time_machine.travel(clock.real() + timedelta(hours=23, minutes=59), tick=False):
        assert api.post("customers", BODY, Idempotency_Key="a").headers["Idempotency-Replayed"]
        tasks.sweep()
    with time_machine.travel(clock.real() + timedelta(hours=24, seconds=1), tick=False):
        fresh = api.post("customers", BODY, Idempotency_Key="a")
        assert "Idempotency-Replayed" not in fresh.headers
    assert names(api) == ["Ada", "Ada"]


def test_the_sweep_forgets_what_is_old_in_every_tenant(api: Api) -> None:
    other = Api(make.sandbox())
    for each in (api, other):
        each.post("customers", BODY, Idempotency_Key="old")
    with time_machine.travel(clock.real() + timedelta(hours=24), tick=False):
        api.post("customers", BODY, Idempotency_Key="new")
        assert idempotency.sweep() == 2
        assert idempotency.sweep() == 0
        assert api.post("customers", BODY, Idempotency_Key="new").headers["Idempotency-Replayed"]


def test_a_crash_leaves_nothing_and_the_key_free(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    create = customers.create

    def crash(**values: Any) -> None:
        create(**values)
        raise RuntimeError("secret detail")

    monkeypatch.setattr(customers, "create", crash)
    answer = api.post("customers", BODY, Idempotency_Key="a")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"secret detail" not in answer.content
    assert names(api) == []
    assert not Happened.objects.filter(type="customer.created").exists()
    monkeypatch.undo()
    assert api.post("customers", BODY, Idempotency_Key="a").status == 201


def test_a_5xx_that_was_returned_is_kept_and_says_not_to_retry(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsure(view: CustomerView, request: Any) -> HttpResponse:
        Customer.objects.create(tenant_id=view.caller.tenant, name="Perhaps")
        return HttpResponse(b'{"code": "internal_error"}', status=500)

    unsure.operation = CustomerView.create.operation  # type: ignore[attr-defined]  # as @operation does
    monkeypatch.setattr(CustomerView, "create", unsure)
    monkeypatch.setattr("tests.support.contract.check", lambda *_: None)
    for _ in range(2):
        answer = api.post("customers", BODY, Idempotency_Key="a")
        assert (answer.status, answer.headers["Trellis-Should-Retry"]) == (500, "false")
    assert names(api) == ["Perhaps"]


def test_a_narrower_key_does_not_see_more_through_a_replay(api: Api, sandbox: Tenant) -> None:
    customer = api.post("customers", BODY).json()["id"]
    body = {"customer": customer, "currency": "eur"}
    assert "amount_paid" in api.post("orders", body, Idempotency_Key="a").json()
    narrow = Api(sandbox, application=api.caller.application, scopes=["orders:write"])
    answer = narrow.post("orders", body, Idempotency_Key="a")
    assert (answer.status, answer.code) == (403, "scope_missing")


def test_reads_take_no_notice_of_a_key(api: Api) -> None:
    assert api.get("customers", Idempotency_Key="a").status == 200
    api.post("customers", BODY)
    assert len(api.get("customers", Idempotency_Key="a").json()["data"]) == 1


@pytest.mark.django_db(transaction=True)
def test_of_twins_one_acts_and_the_other_is_told_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = make.sandbox()
    api = Api(sandbox)
    create, entered, leave = customers.create, Event(), Event()

    def slowly(**values: Any) -> Customer:
        made = create(**values)
        entered.set()
        assert leave.wait(20)
        return made

    monkeypatch.setattr(customers, "create", slowly)

    def send() -> Answer:
        try:
            return Api(sandbox, application=api.caller.application).post(
                "customers", BODY, Idempotency_Key="a"
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send)
        assert entered.wait(20)
        twin = api.post("customers", BODY, Idempotency_Key="a")
        leave.set()
        assert first.result().status == 201
    assert (twin.status, twin.code) == (409, "idempotency_in_progress")
    assert twin.headers["Retry-After"] == "1"
    again = api.post("customers", BODY, Idempotency_Key="a")
    assert again.content == first.result().content
    assert names(api) == ["Ada"]


@pytest.mark.django_db(transaction=True)
def test_many_twins_at_once_have_one_effect() -> None:
    sandbox = make.sandbox()
    application, start = ids.new("app"), Barrier(8)

    def send(_: int) -> Any:
        api = Api(sandbox, application=application)
        start.wait()
        try:
            return api.post("customers", BODY, Idempotency_Key="a").status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(send, range(8)))
    assert statuses <= {201, 409}
    assert 201 in statuses
    assert names(Api(sandbox)) == ["Ada"]


def test_kept_answers_stand_behind_the_tenants_wall(api: Api, sandbox: Tenant) -> None:
    api.post("customers", BODY, Idempotency_Key="a")
    assert not KeptAnswer.objects.exists()
    with transaction.atomic(), acting_in(make.sandbox()):
        assert not KeptAnswer.objects.exists()
    with transaction.atomic(), acting_in(sandbox):
        assert KeptAnswer.objects.get().key == "a"
