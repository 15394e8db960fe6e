"""What the views of this API share."""

from functools import cache
from typing import Any, ClassVar

from django.http import Http404

from apps.commerce.models import TenantRow
from apps.core.compiled import OneRow
from apps.idempotency.rest import IdempotentView
from apps.tenants.rest import TenantView


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
