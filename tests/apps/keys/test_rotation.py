"""A key is replaced without an outage: old and new are both good for a while."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection

from apps.applications.errors import NotApproved
from apps.applications.models import Application
from apps.core import clock, valkey
from apps.core.errors import Problem
from apps.events.models import Event
from apps.keys import handover, services
from apps.keys.errors import KeyClosed, KeyRotatedAlready, NotRotating
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.keys.use import NOTED
from apps.notifications.models import Message
from tests.support import make

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rotated(**options: Any) -> tuple[Key, Issued]:
    old = make.key(scopes=("orders:read",), ip_allow=["203.0.113.7"]).key
    issued = services.rotate(old, actor=old.created_by, **options)
    return old, issued


def ago(key: Key, passed: timedelta, **fields: Any) -> Key:
    """Move a rotation into the past."""
    moved = {
        name: getattr(key, name) - passed
        for name in ("rotated_at", "expires_at", "alert_at", "retire_at")
        if getattr(key, name)
    }
    Key.objects.filter(pk=key.pk).update(**moved, **fields)
    key.refresh_from_db()
    return key


def test_the_successor_has_the_same_rights_at_once_and_the_old_key_a_day() -> None:
    old, issued = rotated()
    new = issued.key
    assert new.rotated_from == old
    assert (new.scopes, new.ip_allow, new.kind) == (old.scopes, old.ip_allow, old.kind)
    assert (new.application, new.tenant, new.name) == (old.application, old.tenant, old.name)
    assert (old.state, new.state) == ("retiring", "active")
    assert old.expires_at is not None
    assert old.rotated_at is not None
    assert old.expires_at - old.rotated_at == DAY
    assert new.expires_at is None
    assert services.find(issued.secret) == new
    event = Event.objects.get(type="key.rotated")
    assert (event.subject, event.data["successor"]) == (old.pk, new.pk)
    assert not Event.objects.filter(type="key.revoked").exists()


def test_without_an_overlap_the_old_key_ends_now() -> None:
    old, issued = rotated(overlap=timedelta())
    assert (old.state, issued.key.state) == ("rotated", "active")
    assert old.revoked_at is None
    assert services.reveal(old) is None


def test_an_overlap_never_prolongs_a_key_and_the_successor_lives_as_long_as_it_was_given() -> None:
    made = make.key(expires_at=clock.real() + 30 * DAY).key
    Key.objects.filter(pk=made.pk).update(
        created_at=clock.real() - 30 * DAY, expires_at=clock.real() + HOUR
    )
    made.refresh_from_db()
    issued = services.rotate(made, overlap=7 * DAY, actor=None)
    assert made.expires_at is not None
    assert made.expires_at <= clock.real() + HOUR
    assert issued.key.expires_at is not None
    assert issued.key.expires_at > clock.real() + 29 * DAY


@pytest.mark.parametrize("overlap", [-HOUR, 7 * DAY + timedelta(seconds=1)])
def test_an_overlap_beyond_a_week_or_below_nothing_is_refused(overlap: timedelta) -> None:
    old = make.key().key
    with pytest.raises(Problem) as refused:
        services.rotate(old, overlap=overlap, actor=None)
    assert refused.value.param == "overlap"
    assert Key.objects.count() == 1
    assert old.state == "active"


@pytest.mark.parametrize("ending", ["revoked_at", "expires_at"])
def test_a_closed_key_has_no_successor(ending: str) -> None:
    old = make.key().key
    Key.objects.filter(pk=old.pk).update(**{ending: clock.real() - HOUR})
    with pytest.raises(KeyClosed):
        services.rotate(old, actor=None)
    assert Key.objects.count() == 1


def test_rotating_twice_leaves_one_successor_which_can_be_rotated_itself() -> None:
    old, issued = rotated()
    with pytest.raises(KeyRotatedAlready):
        services.rotate(old, actor=None)
    assert Key.objects.filter(rotated_from=old).count() == 1
    assert services.rotate(issued.key, actor=None).key.rotated_from == issued.key


def test_a_live_key_of_an_application_that_lost_its_approval_has_no_successor() -> None:
    application = make.application(approved=True)
    old = make.key(application, tenant=make.live(application.organization)).key
    Application.objects.filter(pk=application.pk).update(state="rejected")
    with pytest.raises(NotApproved):
        services.rotate(Key.objects.get(pk=old.pk), actor=None)
    old.refresh_from_db()
    assert (old.state, Key.objects.count()) == ("active", 1)


@pytest.mark.django_db(transaction=True)
def test_of_several_rotations_at_once_one_wins() -> None:
    old = make.key().key

    def attempt(_: int) -> str:
        try:
            return services.rotate(old, actor=None).key.pk
        except KeyRotatedAlready:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))
    assert outcomes.count("refused") == 3
    assert Key.objects.filter(rotated_from=old).count() == 1


def test_the_overlap_may_end_later_within_a_week_of_the_rotation_and_not_beyond() -> None:
    old, _ = rotated()
    assert old.rotated_at is not None
    handover.change(old, ends_at=old.rotated_at + 7 * DAY, actor=None)
    assert old.expires_at == old.rotated_at + 7 * DAY
    for wrong in (old.rotated_at + 7 * DAY + HOUR, clock.real()):
        with pytest.raises(Problem) as refused:
            handover.change(old, ends_at=wrong, actor=None)
        assert refused.value.param == "ends_at"
    assert old.expires_at == old.rotated_at + 7 * DAY
    assert Event.objects.filter(type="key.overlap_changed").count() == 1


def test_an_overlap_that_is_over_is_never_taken_back() -> None:
    old, issued = rotated()
    handover.end(old, actor=None)
    assert old.state == "rotated"
    with pytest.raises(NotRotating):
        handover.end(old, actor=None)
    with pytest.raises(NotRotating):
        handover.change(old, ends_at=clock.real() + HOUR, actor=None)
    with pytest.raises(NotRotating):
        handover.end(issued.key, actor=None)
    assert Event.objects.filter(type="key.overlap_changed").count() == 1


def test_owners_hear_once_that_an_old_key_is_in_use_at_three_quarters_of_its_overlap() -> None:
    old, _ = rotated()
    ago(old, 17 * HOUR, last_used_at=clock.real())
    assert handover.alert() == 0
    ago(old, 2 * HOUR)
    assert (handover.alert(), handover.alert()) == (1, 0)
    message = Message.objects.get()
    assert message.recipients == [old.created_by.email]  # type: ignore[union-attr]  # make.key()'s
    assert "still in use" in message.subject
    assert f"/keys/{old.pk}/hand-over" in message.text


def test_an_old_key_that_is_silent_alarms_nobody() -> None:
    old, _ = rotated()
    ago(old, 19 * HOUR, last_used_at=clock.real() - 12 * HOUR)
    assert handover.alert() == 0
    assert not Message.objects.exists()


def test_an_old_key_that_fell_silent_ends_early_when_its_owner_said_so() -> None:
    old, issued = rotated(silent_hours=6)
    ago(old, 7 * HOUR, last_used_at=clock.real() - 7 * HOUR)
    assert handover.retire() == 1
    old.refresh_from_db()
    assert old.state == "rotated"
    assert Event.objects.get(type="key.overlap_changed").data["reason"] == "No call for 6 hours."
    issued.key.refresh_from_db()
    assert issued.key.state == "active"


def test_a_call_that_only_valkey_knows_of_keeps_the_old_key() -> None:
    old, _ = rotated(silent_hours=6)
    ago(old, 7 * HOUR)
    valkey.client().hset(NOTED, old.pk, f"{int((clock.real() - HOUR).timestamp())} 203.0.113.0/24")
    assert handover.retire() == 0
    old.refresh_from_db()
    assert old.state == "retiring"
    assert old.retire_at is not None
    assert old.retire_at > clock.real() + 4 * HOUR


def test_silence_is_certain_when_late_notes_of_calls_have_come() -> None:
    old, _ = rotated(silent_hours=6)
    ago(old, 7 * HOUR, last_used_at=clock.real() - 6 * HOUR - timedelta(minutes=2))
    assert handover.retire() == 0
    old.refresh_from_db()
    assert old.state == "retiring"
    assert old.last_used_at is not None
    assert old.retire_at == old.last_used_at + 6 * HOUR
    ago(old, timedelta(minutes=4), last_used_at=clock.real() - 6 * HOUR - timedelta(minutes=6))
    assert handover.retire() == 1
    old.refresh_from_db()
    assert old.state == "rotated"


def test_while_nobody_can_tell_whether_a_key_is_silent_it_lives() -> None:
    old, _ = rotated(silent_hours=6)
    ago(old, 7 * HOUR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey, "client", _away)
        assert handover.retire() == 0
    old.refresh_from_db()
    assert old.state == "retiring"


def _away() -> Any:
    raise redis.ConnectionError


def test_a_key_whose_owner_said_nothing_about_silence_keeps_its_overlap() -> None:
    old, _ = rotated()
    ago(old, 20 * HOUR)
    assert handover.retire() == 0
    old.refresh_from_db()
    assert old.state == "retiring"


def test_a_revoked_old_key_is_left_alone_by_the_sweep() -> None:
    old, _ = rotated(silent_hours=1)
    ago(old, 20 * HOUR, last_used_at=clock.real())
    services.revoke(old, actor=None)
    assert (handover.alert(), handover.retire()) == (0, 0)
    assert not Message.objects.exists()
