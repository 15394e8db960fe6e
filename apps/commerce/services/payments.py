"""What can happen to a payment.

requires_action → processing → succeeded | failed; requires_action → canceled; succeeded →
partially_refunded → refunded. The processor's answer is a due time in the row: a sweep settles
what is due, each payment by one conditional UPDATE on its tenant's clock.
"""

import logging
from typing import Any

from django.db import connection, transaction

from apps.commerce.errors import (
    OrderBeingPaid,
    OrderStateConflict,
    PaymentMethodUnknown,
    PaymentStateConflict,
    ProcessorMissing,
    ReferenceMissing,
)
from apps.commerce.methods import METHODS
from apps.commerce.models import Order, Payment
from apps.commerce.services.recording import platform, record
from apps.core import clock, ids
from apps.core.caller import Caller
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant

Status = Payment.Status
OVER = (Status.FAILED, Status.CANCELED)
BATCH = 500

log = logging.getLogger(__name__)


@transaction.atomic
def create(*, order: str, payment_method: str, actor: Caller, **rest: Any) -> Payment:
    """Begin to collect the whole total of an open order.

    ``payment_method`` is one of the test methods, in a sandbox; live, ProcessorMissing.
    """
    if actor.livemode:
        raise ProcessorMissing("Create payments with a sandbox key until one is connected.")
    method = METHODS.get(payment_method)
    if method is None:
        raise PaymentMethodUnknown(
            f"{payment_method[:40]!r} is not one of {', '.join(METHODS)}.", param="payment_method"
        )
    # Two payments of one order take turns here.
    payable = Order.objects.visible_in(actor.tenant).select_for_update().filter(pk=order).first()
    if payable is None:
        raise ReferenceMissing(f"There is no order {order}.", param="order")
    _check_payable(payable)
    payment = Payment.objects.create(
        tenant_id=actor.tenant,
        order=payable,
        application=actor.application,
        status=Status.REQUIRES_ACTION if method.action else Status.PROCESSING,
        payment_method=payment_method,
        amount=payable.total,
        currency=payable.currency,
        due_at=None if method.action else clock.now() + method.after,
        **rest,
    )
    record("payment.created", payment, actor=actor)
    return payment


@transaction.atomic
def update(payment: Payment, *, actor: Caller, **changes: Any) -> Payment:
    """Change the metadata."""
    payment.change(**changes)
    fresh = payment.refresh()
    record("payment.updated", fresh, actor=actor)
    return fresh


@transaction.atomic
def confirm(payment: Payment, *, actor: Caller) -> Payment:
    """Do, in place of the customer, what a payment that requires action waits for."""
    due = clock.now() + METHODS[payment.payment_method].after
    if not payment.change(if_state=Status.REQUIRES_ACTION, status=Status.PROCESSING, due_at=due):
        raise _conflict(payment, "Only a payment that requires action can be confirmed")
    fresh = payment.refresh()
    record("payment.processing", fresh, actor=actor)
    return fresh


@transaction.atomic
def cancel(payment: Payment, *, actor: Caller) -> Payment:
    """Give up a payment that requires action."""
    if not payment.change(
        if_state=Status.REQUIRES_ACTION, status=Status.CANCELED, settled_at=clock.now()
    ):
        raise _conflict(payment, "Only a payment that requires action can be canceled")
    fresh = payment.refresh()
    record("payment.canceled", fresh, actor=actor)
    return fresh


@transaction.atomic
def settle(payment: Payment, *, actor: Caller) -> bool:
    """Carry out the processor's answer if it is due; False when somebody else has, or it is not."""
    now = clock.now()
    due = payment.due_at is not None and payment.due_at <= now
    failure = METHODS[payment.payment_method].failure
    values = {"status": Status.FAILED if failure else Status.SUCCEEDED, "failure_code": failure}
    if not due or not payment.change(
        if_state=Status.PROCESSING, due_at=None, settled_at=now, **values
    ):
        return False
    record("payment.failed" if failure else "payment.succeeded", payment.refresh(), actor=actor)
    if not failure:
        order = payment.order
        order.change(
            if_state=Order.Status.OPEN,
            status=Order.Status.PAID,
            paid_at=now,
            amount_paid=payment.amount,
        )
        record("order.paid", order.refresh(), actor=actor)
    return True


def settle_due() -> int:
    """Settle what is due in every tenant, each payment by itself; return how many there were.

    The function ``commerce_due_payments`` belongs to the owner of the tables and sees all tenants,
    but returns identifiers only: nothing is read or written outside ``acting_in``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM commerce_due_payments(%s, %s)", [clock.real(), BATCH])
        due = cursor.fetchall()
    return sum(_settle_one(tenant, payment) for tenant, payment in due)


def _settle_one(tenant_id: Any, payment_id: Any) -> bool:
    key = ids.encode("pay", payment_id)
    try:
        with transaction.atomic():
            tenant = Tenant.objects.get(pk=ids.encode("tnt", tenant_id))
            with acting_in(tenant):
                payment = Payment.objects.get(pk=key)
                actor = platform(tenant, application=payment.application)
                return settle(payment, actor=actor)
    except Exception:
        log.exception("%s could not be settled; the next sweep tries again.", key)
        return False


def _check_payable(order: Order) -> None:
    if order.status != Order.Status.OPEN:
        raise OrderStateConflict(
            f"{order.pk} is {order.status}. Only an open order can be paid.",
            order_status=order.status,
        )
    if payment := order.payments.exclude(status__in=OVER).first():
        raise OrderBeingPaid(f"{payment.pk} is {payment.status}.", payment=payment.pk)


def _conflict(payment: Payment, words: str) -> PaymentStateConflict:
    status = Payment.objects.values_list("status", flat=True).get(pk=payment.pk)
    return PaymentStateConflict(f"{payment.pk} is {status}. {words}.", payment_status=status)
