"""A developer reads the log of requests."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.models import User
from apps.core import clock, ids
from apps.keys.models import Key
from apps.usage import selectors as usage
from tests.support import make, traffic
from tests.support.queries import Queries


@pytest.fixture
def key(developer: User) -> Key:
    return make.key(make.application(developer.memberships.get().organization)).key


def test_a_request_shows_who_called_what(developer: User, key: Key) -> None:
    made = traffic.serve(key, status=404, code="not_found", latency_us=12_500)
    (row,) = usage.requests(developer).rows
    assert (row.id, row.application_name, row.key_name, row.key_hint) == (
        made,
        "Invoicer",
        "Key",
        key.hint,
    )
    assert (row.application_id, row.key_id, row.tenant_id) == (
        key.application_id,
        key.pk,
        key.tenant_id,
    )
    assert (row.status, row.code, row.latency_ms, row.failed) == (404, "not_found", 12.5, True)
    assert row.trace is None


def test_a_stranger_sees_nothing(developer: User, stranger: User, key: Key) -> None:
    made = traffic.serve(key)
    assert usage.requests(stranger).rows == []
    assert usage.requests(stranger, application=key.application).rows == []
    assert usage.request(stranger, made) is None
    assert usage.request(developer, made) is not None


def test_a_request_of_nobody_is_shown_to_nobody_but_staff(developer: User, key: Key) -> None:
    made = traffic.serve(None, status=401)
    staff = make.user(is_staff=True)
    assert usage.request(developer, made) is None
    assert usage.request(staff, made) is None
    staff.user_permissions.add(Permission.objects.get(codename="view_request"))
    found = usage.request(User.objects.get(pk=staff.pk), made)
    assert found is not None
    assert found.application_id is None


def test_one_request_comes_with_its_decision_trace(developer: User, key: Key) -> None:
    made = traffic.serve(key, trace=b'[["key", "ok"], ["scope", "missing", {"scope": "x"}]]')
    found = usage.request(developer, made)
    assert found is not None
    assert found.trace == [["key", "ok"], ["scope", "missing", {"scope": "x"}]]


@pytest.mark.parametrize("wrong", ["", "req_x", "org_0000000000000000000000", ids.new("req")])
def test_an_unknown_request_is_not_found(developer: User, wrong: str) -> None:
    assert usage.request(developer, wrong) is None


def test_pages_follow_each_other_from_new_to_old(developer: User, key: Key) -> None:
    other = make.key(make.application(key.application.organization, name="Other")).key
    now = clock.real()
    made = [
        traffic.serve((key, other)[age % 2], at=now - timedelta(hours=age * 9)) for age in range(7)
    ]
    first = usage.requests(developer, limit=3)
    second = usage.requests(developer, limit=3, after=first.next)
    third = usage.requests(developer, limit=3, after=second.next)
    assert [row.id for page in (first, second, third) for row in page.rows] == made
    assert first.next == made[2]
    assert third.next is None


def test_requests_of_the_same_moment_are_neither_skipped_nor_repeated(
    developer: User, key: Key
) -> None:
    now = clock.real()
    made = {traffic.serve(key, at=now) for _ in range(5)}
    first = usage.requests(developer, limit=2)
    rest = usage.requests(developer, limit=10, after=first.next)
    assert {row.id for row in first.rows} | {row.id for row in rest.rows} == made
    assert len(first.rows) + len(rest.rows) == 5


def test_a_cursor_that_names_nothing_ends_the_list(developer: User, key: Key) -> None:
    traffic.serve(key)
    assert usage.requests(developer, after=ids.new("req")).rows == []
    assert usage.requests(developer, after="nonsense").rows == []


def test_filters_narrow_the_list(developer: User, key: Key) -> None:
    old = traffic.serve(key, at=clock.real() - timedelta(days=2))
    post = traffic.serve(key, method="POST", operation="orders_create", status=201)
    failed = traffic.serve(key, status=503, code="unavailable", path="/commerce/v1/refunds")
    wide = usage.requests(developer).rows
    assert [row.id for row in wide] == [failed, post, old]

    def found(**filters: Any) -> list[str]:
        return [row.id for row in usage.requests(developer, **filters).rows]

    assert found(status_class=5) == [failed]
    assert found(method="post") == [post]
    assert found(operation="orders_create") == [post]
    assert found(text="REFUNDS") == [failed]
    assert found(text="unavail") == [failed]
    assert found(text=old) == [old]
    assert found(since=clock.real() - timedelta(days=1)) == [failed, post]
    assert found(until=clock.real() - timedelta(days=1)) == [old]
    assert found(key=key) == [failed, post, old]
    assert found(key=ids.new("key")) == []
    assert found(key="nonsense") == []
    assert found(tenant=key.tenant, application=key.application_id) == [failed, post, old]
    assert found(livemode=True) == []
    assert found(livemode=False, limit=1) == [failed]


def test_the_list_costs_the_same_however_many_rows(
    developer: User, key: Key, queries: Queries
) -> None:
    traffic.serve(key)
    one = queries.of(lambda: usage.requests(developer))
    for number in range(11):
        extra = make.key(make.application(key.application.organization, name=f"A{number}")).key
        traffic.serve(extra)
    assert queries.of(lambda: usage.requests(developer)) == one == 4
    assert len(usage.requests(developer).rows) == 12


def test_one_request_is_looked_for_in_the_partitions_of_its_time(
    developer: User, key: Key, queries: Queries
) -> None:
    now = clock.real()
    for age in range(4):
        traffic.serve(key, at=now - timedelta(days=age))
    made = traffic.serve(key, at=now.replace(hour=12) - timedelta(days=2))
    plan = queries.plan_of(lambda: usage.request(developer, made), "usage_request")
    assert plan.count("Scan") == 1
    assert f"usage_request_{now - timedelta(days=2):%Y%m%d}" in plan
