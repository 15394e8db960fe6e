"""One application has other limits for a while."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.events.models import Event
from apps.plans import limits, overrides
from apps.plans.errors import OverrideEnded
from apps.plans.models import Override
from tests.support import make

BURST: dict[str, Any] = {"name": "burst", "kind": "rate", "limit": 500, "window": 1}
pytestmark = pytest.mark.django_db


@pytest.fixture
def application() -> Application:
    return make.application()


@pytest.fixture
def operator() -> User:
    return make.operator()


def until(**ahead: float) -> Any:
    return clock.real() + timedelta(**ahead)


def test_it_takes_the_place_of_its_namesakes_and_adds_the_rest() -> None:
    base = limits.parse([{"name": "burst", "kind": "rate", "limit": 1, "window": 1}, *[MONTH]])
    merged = limits.merge(base, limits.parse([BURST, DAY]))
    assert [(policy.name, policy.limit) for policy in merged] == [
        ("burst", 500),
        ("month", 10),
        ("day", 20),
    ]


MONTH = {"name": "month", "kind": "quota", "limit": 10, "period": "month"}
DAY = {"name": "day", "kind": "quota", "limit": 20, "period": "day"}


def test_it_is_recorded_with_who_and_why(application: Application, operator: User) -> None:
    made = overrides.override(
        application, limits=[BURST], ends_at=until(hours=1), reason=" Sale. ", actor=operator
    )
    assert (made.reason, made.made_by, made.holds) == ("Sale.", operator, True)
    event = Event.objects.get(type="plan.overridden")
    assert (event.actor, event.application) == (operator.pk, application.pk)
    assert event.organization == application.organization_id
    assert event.data["limits"] == ["burst"]


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"limits": []}, "limits"),
        ({"limits": [BURST | {"limit": 0}]}, "limits"),
        ({"limits": [BURST, BURST]}, "limits"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"ends_at": until(seconds=-1)}, "ends_at"),
        ({"ends_at": until(days=400)}, "ends_at"),
    ],
)
def test_nonsense_leaves_the_one_that_holds(
    changed: dict[str, Any], param: str, application: Application, operator: User
) -> None:
    good: dict[str, Any] = {"limits": [BURST], "ends_at": until(hours=1), "reason": "Sale."}
    kept = overrides.override(application, **good, actor=operator)
    with pytest.raises(Unprocessable) as refused:
        overrides.override(application, **good | changed, actor=operator)
    assert refused.value.param == param
    assert list(Override.objects.open()) == [kept]
    assert Event.objects.filter(type="plan.overridden").count() == 1


def test_the_next_one_ends_the_last_one(application: Application, operator: User) -> None:
    first, second = (
        overrides.override(
            application, limits=[BURST], ends_at=until(hours=hours), reason="Sale.", actor=operator
        )
        for hours in (2, 1)
    )
    first.refresh_from_db()
    assert first.ended_at is not None
    assert list(Override.objects.open()) == [second]
    with pytest.raises(IntegrityError), transaction.atomic():
        Override.objects.create(application=application, limits=[BURST], ends_at=until(hours=3))


def test_one_that_ran_out_was_not_ended_later_than_that(
    application: Application, operator: User
) -> None:
    first = overrides.override(
        application, limits=[BURST], ends_at=until(hours=1), reason="Sale.", actor=operator
    )
    Override.objects.update(ends_at=until(hours=-1))
    first.refresh_from_db()
    assert not first.holds
    overrides.override(
        application, limits=[BURST], ends_at=until(hours=1), reason="More.", actor=operator
    )
    ran_out = first.ends_at
    first.refresh_from_db()
    assert first.ended_at == ran_out


def test_it_is_ended_once_and_the_reason_is_kept(application: Application, operator: User) -> None:
    made = overrides.override(
        application, limits=[BURST], ends_at=until(hours=1), reason="Sale.", actor=operator
    )
    overrides.end(made, reason="Sold out.", actor=operator)
    assert not made.holds
    with pytest.raises(OverrideEnded):
        overrides.end(made, reason="Again.", actor=operator)
    assert Event.objects.get(type="plan.override_ended").data["reason"] == "Sold out."
