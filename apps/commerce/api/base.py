"""What the views of this API share."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from django.http import Http404

from apps.commerce.models import TenantRow
from apps.core.compiled import OneRow
from apps.core.errors import Problem
from apps.core.rest.operations import operation
from apps.idempotency.errors import (
    IdempotencyInProgress,
    IdempotencyKeyInvalid,
    IdempotencyMismatch,
)
from apps.idempotency.rest import IdempotentView
from apps.tenants.rest import TenantView

IDEMPOTENCY: tuple[type[Problem], ...] = (
    IdempotencyKeyInvalid,
    IdempotencyMismatch,
    IdempotencyInProgress,
)
NEWEST = ("-created_at", "created_at")

reads = operation


def writes(
    name: str, *, problems: tuple[type[Problem], ...] = (), **described: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an operation that changes something."""
    return operation(name, writes=True, problems=(*problems, *IDEMPOTENCY), **described)


@cache
def finder(model: type[TenantRow]) -> OneRow:
    """Return what finds one row of a tenant, with its SQL compiled once."""
    prefix = model._meta.pk.prefix  # type: ignore[attr-defined]  # noqa: SLF001 - an IdField
    return OneRow(
        lambda tenant, key: model.objects.visible_in(tenant).shown().filter(pk=key),
        prefixes=("tnt", prefix),
    )


class CommerceView(IdempotentView, TenantView):
    """A view of the objects of one model in the caller's tenant."""

    model: ClassVar[type[TenantRow]]

    def mine(self) -> Any:
        """Return the rows of the caller's tenant, ready to be shown."""
        return self.model.objects.visible_in(self.caller.tenant).shown()

    def one(self, key: str) -> Any:
        """Return the object with this identifier; what is another tenant's does not exist."""
        found = finder(self.model).find(self.caller.tenant, key)
        if found is None:
            raise Http404
        return found

    def mine_to_change(self, key: str) -> Any:
        """Return the object, locked and in the version that If-Match names."""
        return self.target(self.model.objects.visible_in(self.caller.tenant), key)
