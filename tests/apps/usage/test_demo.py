"""The demo has a plausible past, marked as such."""

import pytest

from apps.accounts.models import User
from apps.applications.models import Application
from apps.catalog import services as catalog
from apps.core import clock
from apps.keys.models import Key
from apps.usage import demo, drift
from apps.usage import selectors as usage
from tests.support import make, traffic

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Commerce"},
    "paths": {
        "/commerce/v1/orders": {
            "get": {"operationId": "orders_list"},
            "post": {"operationId": "orders_create", "x-trellis-cost": 2},
        },
        "/commerce/v1/orders/{order_id}": {"get": {"operationId": "orders_read"}},
    },
}


@pytest.fixture
def key(developer: User) -> Key:
    catalog.publish("commerce", major=1, name="Commerce", document=DOCUMENT)
    application = make.application(developer.memberships.get().organization)
    Application.objects.update(is_demo=True)
    application.refresh_from_db()
    return make.key(application).key


def test_every_chart_has_something_to_show(developer: User, key: Key) -> None:
    written = demo.write(key.application, key, days=30, seed="a")
    totals = usage.totals(usage.select(developer, days=30))
    assert totals.requests == written > 500
    assert 0.01 < totals.error_rate < 0.4
    assert totals.p50_ms is not None
    assert totals.p95_ms is not None
    assert 1 < totals.p50_ms < totals.p95_ms < 1_000
    days = usage.per_day(usage.select(developer, days=30))
    assert sum(1 for day in days if day.ok) >= 28
    busy = sum(day.requests for day in days if day.date.weekday() == 2)
    quiet = sum(day.requests for day in days if day.date.weekday() == 6)
    assert busy > quiet
    assert {"orders_list", "orders_create"} <= {
        share.label for share in usage.by_operation(usage.select(developer))
    }
    assert [share.label for share in usage.by_key(usage.select(developer))] == [str(key)]


def test_there_are_recent_requests_to_open(developer: User, key: Key) -> None:
    demo.write(key.application, key, days=30, seed="a")
    page = usage.requests(developer, limit=200)
    assert len(page.rows) == 200
    assert all(row.at <= clock.real() for row in page.rows)
    assert all("{" not in row.path for row in page.rows)
    opened = usage.request(developer, page.rows[0].id)
    assert opened is not None
    assert (opened.trace or [])[0] == ["demo", "written by the demo, never sent"]


def test_the_same_seed_writes_the_same_past_once(developer: User, key: Key) -> None:
    first = demo.write(key.application, key, days=10, seed="a")
    assert demo.write(key.application, key, days=10, seed="a") == 0
    assert usage.totals(usage.select(developer, days=10)).requests == first


def test_invented_usage_never_mixes_with_real(developer: User) -> None:
    real = make.key(make.application(developer.memberships.get().organization)).key
    with pytest.raises(ValueError, match="not an application of the demo"):
        demo.write(real.application, real)
    assert usage.totals(usage.select(developer)).requests == 0


def test_the_demos_past_is_no_drift(key: Key) -> None:
    demo.write(key.application, key, days=5)
    real = make.key().key
    traffic.serve(real)
    today = clock.real().date()
    assert drift.find(since=today.replace(day=1), until=today) == []
