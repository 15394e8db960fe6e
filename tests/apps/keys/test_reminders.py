"""Owners read 14, 3 and 1 days ahead that a key expires, once each."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.keys import services
from apps.keys.models import Key
from apps.notifications.models import Message
from apps.notifications.reminders import remind
from apps.oauth import client_secrets
from apps.oauth.models import ClientSecret
from apps.orgs.models import Membership, Role
from tests.gateway import tokens
from tests.support import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def expiring(left: timedelta, *, life: timedelta = 60 * DAY) -> Key:
    """Make a key that has ``left`` to live of its ``life``."""
    key = make.key().key
    end = clock.real() + left
    Key.objects.filter(pk=key.pk).update(expires_at=end, created_at=end - life)
    key.refresh_from_db()
    return key


def subjects() -> list[str]:
    return list(Message.objects.order_by("queued_at").values_list("subject", flat=True))


@pytest.mark.parametrize(
    ("left", "days"), [(14 * DAY, 14), (3 * DAY, 3), (DAY, 1), (timedelta(hours=1), 1)]
)
def test_a_reminder_is_sent_once_at_each_mark(left: timedelta, days: int) -> None:
    key = expiring(left - timedelta(seconds=5))
    assert (remind(), remind()) == (1, 0)
    plural = "" if days == 1 else "s"
    assert subjects() == [f"The API key “Key” of Invoicer expires in {days} day{plural}"]
    message = Message.objects.get()
    assert f"/keys/{key.pk}/rotate" in message.text
    assert message.recipients == [key.created_by.email]  # type: ignore[union-attr]  # make.key()'s


def test_nobody_is_written_to_before_the_first_mark() -> None:
    expiring(14 * DAY + timedelta(minutes=1))
    assert remind() == 0


def test_what_was_missed_is_told_once_with_the_nearest_mark() -> None:
    key = expiring(2 * DAY)
    assert remind() == 1
    assert "in 3 days" in subjects()[0]
    Key.objects.filter(pk=key.pk).update(expires_at=clock.real() + timedelta(hours=3))
    assert remind() == 1
    assert "in 1 day" in subjects()[1]


def test_a_short_life_is_not_announced_when_it_begins() -> None:
    expiring(2 * DAY, life=2 * DAY + timedelta(seconds=1))
    key = make.key().key
    services.page_key(key.application, tenant=key.tenant, actor=make.user())
    assert remind() == 0


@pytest.mark.parametrize("ending", ["revoked_at", "rotated_at"])
def test_a_key_that_is_closed_or_has_a_successor_needs_no_reminder(ending: str) -> None:
    key = expiring(DAY)
    Key.objects.filter(pk=key.pk).update(**{ending: clock.real()})
    assert remind() == 0
    assert not Message.objects.exists()


def test_owners_admins_and_the_maker_are_told_and_nobody_else() -> None:
    key = expiring(DAY)
    organization = key.application.organization
    admin, auditor, gone = make.user(), make.user(), make.user(is_active=False)
    for user, role in ((admin, Role.ADMIN), (auditor, Role.AUDITOR), (gone, Role.ADMIN)):
        Membership.objects.create(organization=organization, user=user, role=role)
    maker = make.user()
    Membership.objects.create(organization=organization, user=maker, role=Role.DEVELOPER)
    Key.objects.filter(pk=key.pk).update(created_by=maker)
    owner = organization.memberships.get(role="owner").user
    remind()
    assert set(Message.objects.get().recipients) == {owner.email, admin.email, maker.email}


def test_a_client_secret_is_announced_unless_a_later_one_replaces_it() -> None:
    client = tokens.token().row.application
    secret, _ = client_secrets.add_secret(client, actor=client.application.created_by)
    end = clock.real() + DAY
    ClientSecret.objects.filter(pk=secret.pk).update(
        expires_at=end, created_at=end - 60 * DAY, hint="AbCd"
    )
    assert (remind(), remind()) == (1, 0)
    assert subjects() == ["The secret …AbCd of the OAuth client “Back office” expires in 1 day"]
    message = Message.objects.get()
    assert f"/oauth-clients/{client.client_id}" in message.text
    assert message.recipients == [client.application.created_by.email]
    ClientSecret.objects.filter(pk=secret.pk).update(expires_at=end + timedelta(minutes=1))
    client_secrets.add_secret(client, actor=None)
    assert remind() == 0
