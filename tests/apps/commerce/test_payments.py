"""Payments are a state machine that test methods drive."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from apps.commerce.methods import METHODS
from apps.commerce.models import Payment
from apps.commerce.services import payments
from apps.core import clock
from apps.events.models import Event
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
from tests.support import make
from tests.support.api import Api
from tests.support.shop import Shop

AT_ONCE = [name for name, method in METHODS.items() if not method.action and not method.after]


@pytest.mark.parametrize("method", AT_ONCE)
def test_a_method_does_what_it_is_documented_to_do(shop: Shop, method: str) -> None:
    begun = shop.payment(method, settled=False)
    assert (begun["status"], begun["settled_at"]) == ("processing", None)
    payments.settle_due()
    settled = shop.read("payments", begun)
    failure = METHODS[method].failure
    assert settled["status"] == ("failed" if failure else "succeeded")
    assert (settled["failure"] or {}).get("code", "") == failure
    order = shop.read("orders", {"id": begun["order"]})
    assert order["status"] == ("open" if failure else "paid")


def test_a_failed_payment_lets_the_next_one_try(shop: Shop) -> None:
    failed = shop.payment("pm_declined")
    assert shop.payment("pm_ok", order=failed["order"])["status"] == "succeeded"


@pytest.mark.parametrize(
    ("method", "outcome"), [("pm_requires_action", "succeeded"), ("pm_action_fails", "failed")]
)
def test_a_payment_waits_for_its_confirmation(
    api: Api, shop: Shop, method: str, outcome: str
) -> None:
    payment = shop.payment(method)
    assert (payment["status"], payment["next_action"]) == ("requires_action", {"type": "confirm"})
    confirmed = api.post(f"payments/{payment['id']}/confirm").json()
    assert (confirmed["status"], confirmed["next_action"]) == ("processing", None)
    again = api.post(f"payments/{payment['id']}/confirm")
    assert (again.status, again.code) == (409, "payment_state_conflict")
    payments.settle_due()
    assert shop.read("payments", payment)["status"] == outcome


def test_a_payment_that_waits_can_be_given_up(api: Api, shop: Shop) -> None:
    payment = shop.payment("pm_requires_action")
    busy = api.post("payments", {"order": payment["order"], "payment_method": "pm_ok"})
    assert (busy.status, busy.code) == (409, "order_being_paid")
    assert api.post(f"payments/{payment['id']}/cancel").json()["status"] == "canceled"
    assert shop.payment("pm_ok", order=payment["order"])["status"] == "succeeded"


@pytest.mark.parametrize("method", ["pm_slow", "pm_ok", "pm_declined"])
def test_a_payment_that_waits_for_nobody_cannot_be_given_up_or_confirmed(
    api: Api, shop: Shop, method: str
) -> None:
    payment = shop.payment(method)
    for act in ("cancel", "confirm"):
        answer = api.post(f"payments/{payment['id']}/{act}")
        assert (answer.status, answer.code) == (409, "payment_state_conflict")
    assert api.get(f"payments/{payment['id']}").json()["status"] == payment["status"]


def test_only_an_open_order_can_be_paid(api: Api, shop: Shop) -> None:
    for order in (shop.order()["id"], shop.payment()["order"]):
        answer = api.post("payments", {"order": order, "payment_method": "pm_ok"})
        assert (answer.status, answer.code) == (409, "order_state_conflict")


def test_an_unknown_method_lists_those_there_are(api: Api, shop: Shop) -> None:
    order = shop.order(opened=True)["id"]
    answer = api.post("payments", {"order": order, "payment_method": "pm_gold"})
    assert (answer.status, answer.code) == (422, "payment_method_unknown")
    assert "pm_ok" in answer.json()["detail"]
    assert api.get("payments").json()["data"] == []


@pytest.mark.django_db
def test_live_there_is_no_processor() -> None:
    live = make.live(make.organization())
    api = Api(live)
    order = Shop(api).order(opened=True)["id"]
    answer = api.post("payments", {"order": order, "payment_method": "pm_ok"})
    assert (answer.status, answer.code) == (422, "processor_missing")
    assert api.get("payments").json()["data"] == []


def test_settling_goes_by_the_tenants_clock(sandbox: Tenant, shop: Shop) -> None:
    slow = shop.payment("pm_slow")
    assert payments.settle_due() == 0
    assert shop.read("payments", slow)["status"] == "processing"
    Tenant.objects.filter(pk=sandbox.pk).update(clock_offset=timedelta(days=1))
    assert payments.settle_due() == 1
    settled = shop.read("payments", slow)
    assert settled["status"] == "succeeded"
    assert settled["settled_at"] > (clock.real() + timedelta(hours=23)).isoformat()


def test_settling_goes_across_tenants_and_happens_once(shop: Shop) -> None:
    mine = shop.payment(settled=False)
    other = Shop(Api(make.sandbox()))
    theirs = other.payment(settled=False)
    assert payments.settle_due() == 2
    assert payments.settle_due() == 0
    assert shop.read("payments", mine)["status"] == "succeeded"
    assert other.read("payments", theirs)["status"] == "succeeded"
    paid = Event.objects.filter(type="payment.succeeded")
    assert {event.tenant for event in paid} == {shop.api.caller.tenant, other.api.caller.tenant}
    assert {event.actor for event in paid} == {"system"}
    assert {event.application for event in paid} == {
        shop.api.caller.application,
        other.api.caller.application,
    }


def test_one_payment_that_cannot_be_settled_holds_up_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = shop.payment(settled=False), shop.payment(settled=False)
    settle = payments.settle

    def fail_once(payment: Payment, **others: Any) -> bool:
        if payment.pk == broken["id"]:
            raise RuntimeError
        return settle(payment, **others)

    monkeypatch.setattr(payments, "settle", fail_once)
    assert payments.settle_due() == 1
    assert shop.read("payments", fine)["status"] == "succeeded"
    assert shop.read("payments", broken)["status"] == "processing"


def test_refunds_in_parts_add_up(api: Api, shop: Shop) -> None:
    payment = shop.payment()
    assert payment["amount"] == 3780
    shop.refund(payment, amount=1000, reason="duplicate")
    partly = shop.read("payments", payment)
    assert (partly["status"], partly["amount_refunded"]) == ("partially_refunded", 1000)
    too_much = api.post("refunds", {"payment": payment["id"], "amount": 2781})
    assert (too_much.status, too_much.code) == (422, "refund_too_large")
    assert too_much.json()["refundable"] == 2780
    assert shop.refund(payment)["amount"] == 2780
    assert shop.read("payments", payment)["status"] == "refunded"
    assert shop.read("orders", {"id": payment["order"]})["amount_refunded"] == 3780
    assert api.post("refunds", {"payment": payment["id"]}).code == "payment_state_conflict"


def test_what_was_not_collected_cannot_be_refunded(api: Api, shop: Shop) -> None:
    payment = shop.payment("pm_declined")
    assert api.post("refunds", {"payment": payment["id"]}).code == "payment_state_conflict"
    assert api.get("refunds").json()["data"] == []


@pytest.mark.django_db(transaction=True)
def test_refunds_at_the_same_moment_never_exceed_the_payment() -> None:
    sandbox = make.sandbox()
    shop = Shop(Api(sandbox))
    payment = shop.payment()

    def refund(_: int) -> Any:
        try:
            return Api(sandbox).post("refunds", {"payment": payment["id"], "amount": 1000}).status
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(refund, range(6)))
    assert statuses == [201, 201, 201, 422, 422, 422]
    assert shop.read("payments", payment)["amount_refunded"] == 3000


@pytest.mark.django_db(transaction=True)
def test_two_payments_at_the_same_moment_leave_one() -> None:
    sandbox = make.sandbox()
    shop = Shop(Api(sandbox))
    order = shop.order(opened=True)["id"]

    def pay(_: int) -> Any:
        try:
            body = {"order": order, "payment_method": "pm_ok"}
            return Api(sandbox).post("payments", body).status
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(pay, range(4))) == [201, 409, 409, 409]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_the_same_moment_settle_each_payment_once() -> None:
    sandbox = make.sandbox()
    shop = Shop(Api(sandbox))
    for _ in range(4):
        shop.payment(settled=False)

    def sweep(_: int) -> int:
        try:
            return payments.settle_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(sweep, range(3))) == 4
    assert Event.objects.filter(type="payment.succeeded").count() == 4


def test_a_payment_is_not_settled_before_its_time(sandbox: Tenant, shop: Shop) -> None:
    slow = shop.payment("pm_slow", settled=False)
    with transaction.atomic(), acting_in(sandbox):
        payment = Payment.objects.get(pk=slow["id"])
        assert not payments.settle(payment, actor=shop.api.caller)
        with time_machine.travel(clock.real() + timedelta(seconds=61)):
            assert payments.settle(payment, actor=shop.api.caller)
