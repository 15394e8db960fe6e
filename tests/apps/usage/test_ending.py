"""Who still calls what is deprecated or ends is counted, and told to them once."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, ApiVersion
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.events.models import Event
from apps.keys.models import Key
from apps.notifications.models import Message
from apps.usage import drift, letters, rollups
from apps.usage import selectors as usage
from apps.usage.models import Letter
from apps.usage.selectors.ending import Subject, find
from tests.support import make, traffic
from tests.support.queries import Queries

PAGE = {"in": "query", "name": "page", "deprecated": True}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {
        "/pets": {"get": {"operationId": "list", "parameters": [PAGE]}},
        "/old": {"get": {"operationId": "old", "deprecated": True}},
    },
}
LIST = Subject("pets", "v1", "list", "query:page")


@pytest.fixture
def version(db: None) -> ApiVersion:
    upstream = serving.set_upstream("pets", targets={"http://10.0.0.1:9000": 1}, actor=None)
    for major in (2, 1):
        made = catalog.publish("pets", major=major, document=DOCUMENT, upstream=upstream)
    return made


@pytest.fixture
def key(developer: User) -> Key:
    return make.key(make.application(developer.memberships.get().organization)).key


@pytest.fixture
def operator(db: None) -> User:
    return make.operator()


def end(version: ApiVersion) -> Subject:
    ends = clock.real() + timedelta(days=30)
    catalog.change_version(version, deprecated_at=clock.real(), sunset_at=ends, actor=None)
    found = find("pets/v1")
    assert found is not None
    return found


def call(key: Key, operation: str = "list", *, days: int = 0, used: Any = (), **more: Any) -> None:
    trace: list[Any] = [["route", "passed"]]
    trace += [["ending", "passed", {"used": list(used)}]] if used else []
    fields = {"api": "pets", "operation": operation, "path": "/pets/v1/pets", **more}
    at = clock.real() - timedelta(days=days)
    traffic.serve(key, at=at, trace=orjson.dumps(trace), **fields)


def test_what_ends_is_known_from_the_catalog(version: ApiVersion) -> None:
    assert [str(one) for one in usage.subjects()] == [
        "pets/v1 list, query parameter page",
        "pets/v1 old",
        "pets/v2 list, query parameter page",
        "pets/v2 old",
    ]
    end(version)
    keys = [one.key for one in usage.subjects()]
    assert keys[:3] == ["pets/v1", "pets/v1 list query:page", "pets/v1 old"]
    found = find("pets/v1")
    assert found is not None
    assert found.sunset_at == version.sunset_at
    assert find("pets/v3") is None


def test_calls_are_counted_by_version_operation_and_part(version: ApiVersion, key: Key) -> None:
    whole = end(version)
    call(key, used=["query:page"])
    call(key, used=["query:page"], days=8)
    call(key, days=3)
    call(key, "old", path="/pets/v1/old", status=410)
    call(key, "old", path="/pets/v2/old")
    call(key, days=28)
    call(key, "", path="/pets/v1/nowhere", status=404)
    found = {
        subject.key: [(one.week, one.month, one.livemode) for one in usage.still_calling(subject)]
        for subject in (whole, LIST, Subject("pets", "v1", "old"), Subject("pets", "v2", "old"))
    }
    assert found == {
        "pets/v1": [(3, 4, False)],
        "pets/v1 list query:page": [(1, 2, False)],
        "pets/v1 old": [(1, 1, False)],
        "pets/v2 old": [(1, 1, False)],
    }
    assert usage.still_calling(LIST)[0].last == clock.real().date()


def test_parts_outlive_compaction_and_no_other_roll_up_counts_twice(
    version: ApiVersion, key: Key
) -> None:
    for _ in range(3):
        call(key, used=["query:page", "header:x-old"])
    assert rollups.compact(clock.real() - timedelta(days=2)) > 0
    assert [one.month for one in usage.still_calling(LIST)] == [3]
    today = clock.real().date()
    assert drift.find(since=today, until=today) == []
    assert usage.totals(usage.select(make.operator())).requests == 0
    assert sum(one.month for one in usage.still_calling(LIST)) == 3


def test_the_operator_sees_how_many_use_what_and_how_many_of_them_live(
    version: ApiVersion, key: Key
) -> None:
    whole = end(version)
    approved = make.application(approved=True)
    live = make.key(approved, tenant=make.live(approved.organization)).key
    call(key, used=["query:page"])
    call(live)
    call(live)
    found = {one.subject.key: one for one in usage.summaries()}
    about = found[whole.key]
    assert (about.applications, about.live, about.month) == (2, 1, 3)
    assert (found[LIST.key].applications, found[LIST.key].live) == (1, 0)
    assert (found["pets/v2 old"].month, found["pets/v2 old"].last) == (0, None)


def test_a_developer_sees_his_own_applications_and_only_apis_he_may_know_of(
    version: ApiVersion, key: Key, developer: User
) -> None:
    end(version)
    call(key, used=["query:page"])
    call(make.key(make.application()).key, used=["query:page"])
    mine = usage.still_used(developer)
    assert [(one.subject.key, one.application.pk) for one in mine] == [
        ("pets/v1", key.application_id),
        ("pets/v1 list query:page", key.application_id),
    ]
    assert usage.still_used(developer, of=[make.application()]) == []
    Api.objects.update(visibility=Api.Visibility.INTERNAL)
    assert usage.still_used(developer) == []
    assert usage.subjects(AnonymousUser()) == []


def test_it_costs_the_same_however_many_call(
    version: ApiVersion, key: Key, developer: User, queries: Queries
) -> None:
    end(version)
    call(key, used=["query:page"])
    one = queries.of(usage.summaries)
    mine = queries.of(lambda: usage.still_used(developer))
    for _ in range(4):
        call(make.key(make.application(key.application.organization)).key, used=["query:page"])
    assert queries.of(usage.summaries) == one
    assert queries.of(lambda: usage.still_used(developer)) == mine


def test_a_letter_reaches_those_who_answer_for_each_application_once(
    version: ApiVersion, key: Key, operator: User, developer: User
) -> None:
    subject = end(version)
    other = make.key(make.application()).key
    call(key)
    call(other)
    assert letters.send(subject, campaign="First", words="Hurry.", actor=operator) == 2
    mine = Message.objects.get(recipients__contains=[developer.email])
    assert mine.subject == f"{key.application} still uses pets/v1"
    assert f"ends on {version.sunset_at:%-d %B %Y}" in mine.text
    assert "Sandbox: 1 call in the last 28 days" in mine.text
    assert "\nHurry.\n" in mine.text
    assert "/docs/moving/pets/v1" in mine.text
    event = Event.objects.filter(type="usage.letter_sent").get(application=key.application_id)
    assert (event.actor, event.data) == (operator.pk, {"subject": "pets/v1", "campaign": "First"})

    third = make.key(make.application()).key
    call(third)
    assert letters.send(subject, campaign="First", words="Hurry.", actor=operator) == 1
    assert letters.send(subject, campaign="First", words="Hurry.", actor=operator) == 0
    assert Message.objects.count() == 3
    assert letters.send(subject, campaign="Last", words="", actor=operator) == 3
    assert Letter.objects.count() == 6


def test_a_campaign_has_a_name(version: ApiVersion, key: Key, operator: User) -> None:
    call(key)
    with pytest.raises(Unprocessable, match="Give the campaign a name"):
        letters.send(Subject("pets", "v1"), campaign=" ", words="", actor=operator)
    assert not Message.objects.exists()
