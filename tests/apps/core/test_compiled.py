"""A query that was compiled once finds what the QuerySet finds."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.commerce.api.base import finder
from apps.commerce.models import Customer, Order, Payment, Product, Refund, TenantRow
from apps.core import ids
from apps.tenants.isolation import acting_in
from tests.support import make


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Customer, Order, Payment, Product, Refund])
def test_it_finds_the_same_row_with_every_column(model: type[TenantRow]) -> None:
    sandbox = make.sandbox(seed="small shop")
    with transaction.atomic(), acting_in(sandbox):
        for expected in model.objects.shown()[:3]:
            with CaptureQueriesContext(connection) as queries:
                found = finder(model).find(sandbox.pk, expected.pk)
            assert len(queries) == 1
            assert columns(found) == columns(expected)
            assert not found.get_deferred_fields()
            assert not found._state.adding


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "ord_x", ids.new("ord"), ids.new("cus"), "ord_" + "z" * 22])
def test_it_finds_nothing_by_a_key_that_names_nothing(key: str) -> None:
    sandbox = make.sandbox(seed="small shop")
    with transaction.atomic(), acting_in(sandbox):
        assert finder(Order).find(sandbox.pk, key) is None
        mine = Order.objects.values_list("pk", flat=True)[0]
        assert finder(Order).find(ids.new("tnt"), mine) is None


def columns(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}
