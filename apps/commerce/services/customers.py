"""What can happen to a customer."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from apps.commerce.errors import CustomerInUse
from apps.commerce.models import Customer
from apps.commerce.services.recording import record
from apps.core.caller import Caller


@transaction.atomic
def create(*, actor: Caller, **values: Any) -> Customer:
    """Make a customer: ``name``, and perhaps ``email``, ``phone``, ``metadata``."""
    made = Customer.objects.create(tenant_id=actor.tenant, **values)
    record("customer.created", made, actor=actor)
    return made


@transaction.atomic
def update(customer: Customer, *, actor: Caller, **changes: Any) -> Customer:
    """Change what ``create`` sets."""
    customer.change(**changes)
    fresh = customer.refresh()
    record("customer.updated", fresh, actor=actor)
    return fresh


@transaction.atomic
def delete(customer: Customer, *, actor: Caller) -> None:
    """Delete a customer without orders; CustomerInUse otherwise."""
    record("customer.deleted", customer, actor=actor)
    try:
        customer.delete()
    except ProtectedError:
        raise CustomerInUse(f"{customer.pk} has orders, which keep naming it.") from None
