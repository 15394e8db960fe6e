"""Views that act in the caller's tenant."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from apps.core import clock, ids
from apps.core.errors import Missing
from apps.core.rest.views import ApiView
from apps.tenants import isolation

ENTER = (
    "SELECT clock_offset, set_config('trellis.tenant', id::text, true) "
    "FROM tenants_tenant WHERE id = %s"
)


class TenantView(ApiView):
    """A view in one transaction that sees the caller's tenant only, at that tenant's time."""

    @contextmanager
    def world(self) -> Iterator[None]:
        """Enter the tenant with one statement: it is on the path of every request."""
        nested = connection.in_atomic_block  # Only tests: a request's own transaction forgets.
        former = isolation.current() if nested else ""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ENTER, [ids.decode(self.caller.tenant)[1]])
            entered = cursor.fetchone()
            if entered is None:
                raise Missing("The credential's tenant does not exist any more.")
            with clock.shifted(entered[0]):
                yield
            if nested:
                isolation.enter(former)
