"""What callers of a version must know is written down each time that it is published again."""

from copy import deepcopy
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from apps.catalog import changelog, native, serving
from apps.catalog import services as catalog
from apps.catalog.models import ApiVersion, Entry
from apps.core.errors import Unprocessable
from apps.events.models import Event
from tests.support import make

pytestmark = pytest.mark.django_db
PAGE = {"in": "query", "name": "page"}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {
        "/pets": {"get": {"operationId": "pets_list", "parameters": [PAGE]}},
        "/pets/{id}": {"get": {"operationId": "pets_get"}},
    },
}


def publish(document: Any = DOCUMENT, **more: Any) -> ApiVersion:
    upstream = serving.set_upstream("pets", targets={"http://10.0.0.1:9000": 1}, actor=None)
    return catalog.publish("pets", major=1, document=document, upstream=upstream, **more)


def without(path: str, **more: Any) -> dict[str, Any]:
    changed = deepcopy(DOCUMENT)
    del changed["paths"][path]
    return changed | more


def told(version: ApiVersion) -> list[list[str]]:
    entries = version.entries.order_by("pk")
    return [[str(one) for one in entry.differences] for entry in entries]


def test_a_version_is_new_once_and_the_same_document_again_is_no_entry() -> None:
    version = publish()
    assert told(version) == [["Published with 2 operations."]]
    assert publish() == version
    publish({**DOCUMENT, "info": {"title": "Pets", "description": "Other words only."}})
    assert told(version) == [["Published with 2 operations."]]


def test_what_callers_notice_is_kept_with_how_much_of_it_breaks() -> None:
    version = publish()
    changed = without("/pets/{id}")
    changed["paths"]["/pets"]["get"] |= {"deprecated": True, "parameters": []}
    publish(changed)
    entry = Entry.objects.latest("pk")
    assert [str(one) for one in entry.differences] == [
        "pets_get: The operation is gone.",
        "pets_list: The query parameter `page` is gone.",
        "pets_list: The operation is deprecated.",
    ]
    assert (entry.breaking, entry.risky, entry.left_out) == (1, 1, 0)
    assert Event.objects.filter(type="catalog.published").latest("id").data["breaking"] == 1
    assert len(told(version)) == 2


def test_what_breaks_programs_must_be_meant_where_somebody_was_asked() -> None:
    version = publish()
    before = Event.objects.count()
    with pytest.raises(Unprocessable) as refused:
        publish(without("/pets/{id}"), breaking=False)
    assert refused.value.detail == (
        "1 change breaks programs that call pets/v1, such as: pets_get: The operation is gone. "
        "Publish it as another major version, or say that you mean it."
    )
    version.refresh_from_db()
    assert version.document == DOCUMENT
    assert version.operations.count() == 2
    assert Event.objects.count() == before
    assert len(told(version)) == 1
    publish(without("/pets/{id}"), breaking=True)
    publish(without("/pets/{id}", tags=[]), breaking=False)  # Nothing breaks any more.
    assert version.operations.count() == 1


def test_an_operators_own_cost_stays_and_is_no_change_for_callers() -> None:
    version = publish()
    catalog.change_operation(version.operations.get(name="pets_list"), cost=7, actor=None)
    changed = deepcopy(DOCUMENT)
    changed["paths"]["/pets"]["get"]["x-trellis-cost"] = 3
    changed["paths"]["/pets/{id}"]["get"]["x-trellis-cost"] = 3
    publish(changed)
    assert told(version)[1] == ["pets_get: A call costs 3 units, not 1."]


def test_an_end_that_is_announced_or_taken_back_is_an_entry() -> None:
    version = publish()
    begins, ends = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 6, 30, 12, tzinfo=UTC)
    catalog.change_version(version, deprecated_at=begins, sunset_at=ends, actor=None)
    catalog.change_version(version, deprecated_at=begins, guide="Move.", actor=None)
    catalog.change_version(version, deprecated_at=None, sunset_at=None, actor=None)
    assert told(version)[1:] == [
        ["Deprecated since 1 January 2027.", "Ends on 30 June 2027."],
        ["No longer deprecated.", "Its end is no longer set."],
    ]


def test_more_than_anybody_reads_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "MOST", 1)
    version = publish()
    publish(without("/pets/{id}", paths={"/new": {"get": {}}}))
    entry = version.entries.latest("pk")
    assert (len(entry.differences), entry.left_out, entry.breaking) == (1, 2, 2)


def test_an_operator_puts_an_entry_into_words_once() -> None:
    entry = publish().entries.get()
    operator = make.operator()
    assert changelog.explain(entry, words="Hello *pets*.", reason="First.", actor=operator)
    assert not changelog.explain(entry, words=" Hello *pets*. ", reason="Again.", actor=operator)
    assert Entry.objects.get().words == "Hello *pets*."
    event = Event.objects.get(type="catalog.changelog_explained")
    assert (event.actor, event.data["api"]) == (operator.pk, "pets")


def test_an_api_of_this_project_says_aloud_what_it_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [
        {**DOCUMENT, "paths": {f"/own/v1{path}": one for path, one in paths["paths"].items()}}
        for paths in (DOCUMENT, without("/pets/{id}"))
    ]
    one = native.NativeApi("own", 1, "Own", lambda: documents[0])
    monkeypatch.setattr(native, "registered", {("own", 1): one})

    def run() -> list[str]:
        out = StringIO()
        call_command("publish_catalog", stdout=out)
        return out.getvalue().splitlines()

    assert run() == ["own/v1 has 2 operations."]
    documents.pop(0)
    assert run() == ["own/v1 has 1 operations.", "own/v1: 1 changes break programs that call."]
    assert run() == ["own/v1 has 1 operations."]
    version = ApiVersion.objects.get(api__slug="own")
    assert told(version)[1:] == [["pets_get: The operation is gone."]]
