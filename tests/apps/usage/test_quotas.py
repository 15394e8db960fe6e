"""Quotas: people hear of them once at 80 and at 100 %, and Valkey learns again what it lost."""

from datetime import timedelta
from typing import Any

import pytest

from apps.applications.models import Application
from apps.core import clock, valkey
from apps.events.models import Event
from apps.keys.models import Key
from apps.notifications.models import Message
from apps.plans import layout, overrides, standing
from apps.plans import services as plans
from apps.plans.models import QuotaAlert
from apps.usage import quotas
from tests.support import make, traffic

MONTH: dict[str, Any] = {"name": "month", "kind": "quota", "limit": 100, "period": "month"}
DAY: dict[str, Any] = {"name": "daily", "kind": "quota", "limit": 50, "period": "day"}


@pytest.fixture
def key(db: None) -> Key:
    return make.key(make.application()).key


def under(key: Key, *policies: dict[str, Any]) -> Application:
    application = Application.objects.get(pk=key.application_id)
    slug = f"plan-{next(make.number)}"
    version = plans.publish(slug, name=slug, limits=list(policies))
    plans.subscribe(application, version=version, actor=None)
    return application


def test_people_hear_once_at_each_threshold(key: Key) -> None:
    application = under(key, MONTH)
    traffic.serve(key, units=79)
    assert quotas.alert() == 0
    traffic.serve(key, units=1)
    assert [quotas.alert(), quotas.alert()] == [1, 0]
    mail = Message.objects.get()
    assert mail.subject == "The quota month of Invoicer is nearly used up"
    assert "80 of 100 units" in mail.text
    assert f"/applications/{application.pk}/limits" in mail.text
    assert application.created_by
    assert mail.recipients == [application.created_by.email]
    traffic.serve(key, units=20)
    assert [quotas.alert(), quotas.alert()] == [1, 0]
    kinds = Event.objects.filter(type__startswith="quota.").order_by("id")
    assert [(event.type, event.data["used"]) for event in kinds] == [
        ("quota.nearing", 80),
        ("quota.reached", 100),
    ]
    assert {event.application for event in kinds} == {application.pk}


def test_a_jump_to_the_end_is_one_mail(key: Key) -> None:
    under(key, MONTH)
    traffic.serve(key, units=120)
    assert [quotas.alert(), quotas.alert()] == [1, 0]
    assert Message.objects.get().subject.endswith("is used up")
    assert set(QuotaAlert.objects.values_list("threshold", flat=True)) == {80, 100}


def test_yesterday_does_not_count_for_today_nor_last_month_for_this(key: Key) -> None:
    under(key, MONTH, DAY)
    first = clock.real().replace(day=1, hour=0, minute=0, second=0)
    traffic.serve(key, units=99, at=first - timedelta(minutes=1))
    assert quotas.alert() == 0


def test_a_larger_quota_is_announced_anew_and_a_shadow_never(key: Key) -> None:
    application = under(key, MONTH, DAY | {"shadow": True})
    traffic.serve(key, units=100)
    assert quotas.alert() == 1
    overrides.override(
        application,
        limits=[MONTH | {"limit": 110}],
        ends_at=clock.real() + timedelta(days=1),
        reason="A sale.",
        actor=None,
    )
    assert quotas.alert() == 1
    assert Message.objects.filter(subject__endswith="is nearly used up").count() == 1
    assert set(QuotaAlert.objects.values_list("policy", flat=True)) == {"month"}


def test_a_keys_quota_and_one_of_some_operations_are_counted_by_themselves(key: Key) -> None:
    application = Application.objects.get(pk=key.application_id)
    each = MONTH | {"name": "each", "scope": "key"}
    some = MONTH | {"name": "some", "operations": ["orders_create"]}
    other = make.key(application, tenant=key.tenant).key
    under(key, each, some)
    traffic.serve(key, units=85)
    traffic.serve(other, units=10, operation="orders_create")
    assert quotas.alert() == 1
    alert = QuotaAlert.objects.get()
    assert (alert.policy, alert.key, alert.used) == ("each", key.pk, 85)
    traffic.serve(other, units=75, operation="orders_create")
    assert quotas.alert() == 2
    named = QuotaAlert.objects.values_list("policy", "key", "used")
    assert set(named) == {("each", key.pk, 85), ("each", other.pk, 85), ("some", "", 85)}


def left(key: Key) -> dict[str, int | None]:
    found = standing.standings(key.application_id, key=key.pk)
    return {one.policy.name: one.left for one in found}


def test_a_valkey_that_lost_everything_counts_on_from_what_was_recorded(key: Key) -> None:
    some = MONTH | {"name": "some", "operations": ["orders_create"]}
    burst = {"name": "burst", "kind": "rate", "limit": 5, "window": 1}
    under(key, burst, MONTH, DAY, MONTH | {"name": "each", "scope": "key"}, some)
    traffic.serve(key, units=30)
    traffic.serve(key, units=4, operation="orders_create")
    assert left(key) == {"burst": 5, "month": 100, "daily": 50, "each": 100, "some": 100}
    assert quotas.restore() == 4
    restored = {"burst": 5, "month": 66, "daily": 16, "each": 66, "some": 96}
    assert left(key) == restored
    assert quotas.restore() == 0
    valkey.client().flushdb()
    assert left(key)["month"] == 100
    assert quotas.restore() == 4
    assert left(key) == restored


def test_what_valkey_counted_itself_is_never_less(key: Key) -> None:
    under(key, MONTH)
    traffic.serve(key, units=30)
    quotas.restore()
    traffic.serve(key, units=5)
    quotas.restore()  # What was on its way when the data was lost arrives a little later.
    assert left(key) == {"month": 65}


def test_a_valkey_that_lost_nothing_is_left_alone(
    key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    under(key, MONTH)
    traffic.serve(key, units=30)
    valkey.client().set(layout.WHOLE, int(clock.real().timestamp()) - quotas.GRACE - 1)
    assert quotas.restore() == 0
    assert left(key) == {"month": 100}
