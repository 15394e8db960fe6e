"""What happens is recorded in the transaction that made it happen, and followers miss nothing."""

import threading
from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from apps.events import registry, services
from apps.events.models import Cursor, Event
from apps.orgs.models import Organization
from tests.support import make

Seen = list[str]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Follow the log alone, and note each event's subject."""
    noted: Seen = []

    def follower(batch: Sequence[Event]) -> None:
        noted.extend(event.subject for event in batch)

    monkeypatch.setattr(registry, "followers", {"test": follower})
    monkeypatch.setattr(services, "followers", {"test": follower})
    monkeypatch.setattr(services, "prompt", set())
    return noted


@pytest.mark.django_db
def test_an_unregistered_type_cannot_be_emitted() -> None:
    with pytest.raises(LookupError, match=r"no\.such"):
        services.emit("no.such", make.organization(), actor=None)


@pytest.mark.django_db(transaction=True)
def test_an_event_needs_the_transaction_that_causes_it() -> None:
    organization = make.organization()
    with pytest.raises(RuntimeError, match="inside the transaction"):
        services.emit("organization.renamed", organization, actor=None)
    assert not Event.objects.filter(type="organization.renamed").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_never_happened(seen: Seen) -> None:
    with transaction.atomic():
        make.organization()
        transaction.set_rollback(True)
    services.relay()
    assert seen == []
    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_followers_see_each_event_once_and_in_order(seen: Seen) -> None:
    names = [make.organization().pk for _ in range(3)]
    services.relay()
    services.relay()
    assert [subject for subject in seen if subject.startswith("org_")] == names


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_not_skipped(seen: Seen) -> None:
    """A cursor on ids alone would pass the slow transaction's event by."""
    begun, finish = threading.Event(), threading.Event()
    late: list[str] = []

    def slowly() -> None:
        with transaction.atomic():
            late.append(make.organization(name="Late").pk)
            begun.set()
            finish.wait(5)
        connection.close()

    thread = threading.Thread(target=slowly)
    thread.start()
    assert begun.wait(5)
    early = make.organization(name="Early").pk
    services.relay()
    assert early not in seen  # It waits behind the transaction that began before it.
    finish.set()
    thread.join()
    services.relay()
    assert [subject for subject in seen if subject in {early, *late}] == [*late, early]


@pytest.mark.django_db(transaction=True)
def test_a_follower_that_fails_sees_the_same_events_again(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = make.organization().pk

    def fails(batch: Sequence[Event]) -> None:
        raise OSError("The disk is full.")

    monkeypatch.setattr(services, "followers", {"test": fails})
    with pytest.raises(OSError, match="full"):
        services.relay()
    assert not Cursor.objects.filter(xid__gt=0).exists()
    monkeypatch.setattr(
        services, "followers", {"test": lambda batch: seen.extend(e.subject for e in batch)}
    )
    services.relay()
    assert organization in seen
