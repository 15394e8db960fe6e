"""What can happen to a refund."""

from typing import Any

from django.db import transaction
from django.db.models import F

from apps.commerce.errors import PaymentStateConflict, ReferenceMissing, RefundTooLarge
from apps.commerce.models import Payment, Refund
from apps.commerce.services.recording import record
from apps.core.caller import Caller

Status = Payment.Status
REFUNDABLE = {Status.SUCCEEDED, Status.PARTIALLY_REFUNDED}


@transaction.atomic
def create(*, payment: str, amount: int | None = None, actor: Caller, **rest: Any) -> Refund:
    """Give back ``amount``, or all that is left of the payment.

    Refunds of one payment take turns at its row, so that their sum never exceeds it.
    """
    locked = Payment.objects.visible_in(actor.tenant).select_for_update().filter(pk=payment).first()
    if locked is None:
        raise ReferenceMissing(f"There is no payment {payment}.", param="payment")
    left = locked.amount - locked.amount_refunded
    if locked.status not in REFUNDABLE:
        raise PaymentStateConflict(
            f"{payment} is {locked.status}; there is nothing to refund.",
            payment_status=locked.status,
        )
    amount = left if amount is None else amount
    if amount > left:
        raise RefundTooLarge(
            f"{amount} {locked.currency} were asked for; {left} are left of {payment}.",
            param="amount",
            refundable=left,
        )
    status = Status.REFUNDED if amount == left else Status.PARTIALLY_REFUNDED
    locked.change(status=status, amount_refunded=locked.amount_refunded + amount)
    locked.order.change(amount_refunded=F("amount_refunded") + amount)
    refund = Refund.objects.create(
        tenant_id=actor.tenant, payment=locked, amount=amount, currency=locked.currency, **rest
    )
    record("refund.created", refund, actor=actor)
    record("payment.refunded", locked.refresh(), actor=actor)
    return refund


@transaction.atomic
def update(refund: Refund, *, actor: Caller, **changes: Any) -> Refund:
    """Change the metadata."""
    refund.change(**changes)
    fresh = refund.refresh()
    record("refund.updated", fresh, actor=actor)
    return fresh
