"""A plan's limits make sense before anyone is held to them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.plans import limits, services
from apps.plans.models import PlanVersion

BURST = {"name": "burst", "kind": "rate", "limit": 100, "window": 1}
MONTH = {"name": "month", "kind": "quota", "limit": 1000, "period": "month"}


def test_policies_are_read_in_order() -> None:
    assert [policy.name for policy in limits.parse([BURST, MONTH])] == ["burst", "month"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("many", "list of policies"),
        (["many"], "must be an object"),
        ([BURST | {"name": "no spaces"}], "short identifier"),
        ([BURST | {"kind": "speed"}], "rate, quota, concurrency"),
        ([BURST | {"scope": "planet"}], "application, key, subject"),
        ([BURST | {"limit": 0}], "whole number from 1"),
        ([BURST | {"limit": True}], "whole number from 1"),
        ([BURST | {"limit": "100"}], "whole number from 1"),
        ([BURST | {"burst": 0}], "burst must be a whole number from 1"),
        ([MONTH | {"burst": 5}], r"limits\[0\].burst: there is no such setting"),
        ([MONTH | {"window": 5}], "window: there is no such setting"),
        ([BURST | {"shadow": "yes"}], "true or false"),
        ([BURST | {"operations": "orders_list"}], "list of operations"),
        ([BURST | {"api": "Commerce!"}], "an API's slug"),
        ([BURST | {"name": f"n{number}"} for number in range(21)], "20 policies at most"),
        ([{"name": "at_once", "kind": "concurrency", "limit": 200_000}], "from 1 to 100000"),
        ([BURST | {"window": None}], "window must be"),
        ([MONTH | {"period": "moon"}], "day, month"),
        ([BURST, BURST], "share a name"),
    ],
)
def test_nonsense_is_refused_with_what_to_write(wrong: Any, hint: str) -> None:
    with pytest.raises(limits.Invalid, match=hint):
        limits.parse(wrong)


@pytest.mark.django_db
def test_nonsense_is_not_published() -> None:
    with pytest.raises(limits.Invalid):
        services.publish("free", name="Free", limits=[BURST | {"limit": -1}])
    assert not PlanVersion.objects.exists()


@pytest.mark.django_db
def test_a_change_is_a_new_version_and_no_change_is_none() -> None:
    first = services.publish("free", name="Free", limits=[BURST])
    assert services.publish("free", name="Free", limits=[BURST]) == first
    second = services.publish("free", name="Free", limits=[BURST, MONTH])
    assert (first.number, second.number) == (1, 2)
    first.refresh_from_db()
    assert first.limits == [BURST]


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_months_end_where_the_calendar_says(at: datetime, end: datetime) -> None:
    number, ends = limits.period_of("month", at)
    assert ends == end
    assert limits.period_of("month", end)[0] == number + 1


def test_days_end_at_midnight_in_utc() -> None:
    number, ends = limits.period_of("day", datetime(2026, 11, 22, 13, tzinfo=UTC))
    assert ends == datetime(2026, 11, 23, tzinfo=UTC)
    assert limits.period_of("day", ends)[0] == number + 1
