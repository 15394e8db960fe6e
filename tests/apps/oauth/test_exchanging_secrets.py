"""Owners hear of an old client secret that is still in use shortly before it ends."""

from datetime import timedelta

import pytest

from apps.core import clock
from apps.notifications.models import Message
from apps.oauth import client_secrets, families
from apps.oauth.models import AccessToken, ClientSecret
from apps.oauth.tasks import sweep
from tests.support import make, oauth

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


@pytest.fixture
def old() -> ClientSecret:
    """A secret that ends in a day, because another one is there."""
    client = oauth.confidential().client
    secret: ClientSecret = client.secrets.get()
    fresh, _text = client_secrets.add_secret(client, actor=None)
    assert client_secrets.retire_others(fresh, overlap=DAY, actor=None) == 1
    secret.refresh_from_db()
    return secret


def passed(secret: ClientSecret, hours: int, *, used: int | None) -> None:
    """Let the overlap have begun ``hours`` ago, and the secret be used ``used`` hours ago."""
    now = clock.real()
    ends = now + DAY - timedelta(hours=hours)
    last = None if used is None else now - timedelta(hours=used)
    ClientSecret.objects.filter(pk=secret.pk).update(
        expires_at=ends, alert_at=ends - DAY / 4, last_used_at=last
    )


def test_the_alert_is_due_after_three_quarters(old: ClientSecret) -> None:
    assert old.expires_at is not None
    assert old.alert_at == old.expires_at - DAY / 4


def test_who_still_uses_it_late_is_written_to_once(old: ClientSecret) -> None:
    passed(old, 19, used=2)
    for _ in range(2):
        sweep()
    message = Message.objects.get()
    assert message.recipients == [old.client.application.organization.memberships.get().user.email]
    assert f"…{old.hint}" in message.text
    assert f"/oauth-clients/{old.client.client_id}" in message.text


@pytest.mark.parametrize(("hours", "used"), [(17, 1), (19, None), (19, 12), (25, 1)])
def test_nobody_is_written_to_too_early_too_late_or_about_a_silent_one(
    old: ClientSecret, hours: int, used: int | None
) -> None:
    passed(old, hours, used=used)
    sweep()
    assert not Message.objects.exists()


def test_a_revoked_one_is_nobodys_concern(old: ClientSecret) -> None:
    passed(old, 19, used=2)
    client_secrets.revoke_secret(old, actor=None)
    sweep()
    assert not Message.objects.exists()


def test_the_mail_says_how_many_tokens_it_brought_that_are_alive() -> None:
    party = oauth.confidential()
    make.sandbox(party.client.application.organization)
    [secret] = party.client.secrets.all()
    for _ in range(3):
        assert party.token("client_credentials").status == 200
    families.revoke_access_token(AccessToken.objects.earliest("pk"), reason="test", actor=None)
    fresh, _text = client_secrets.add_secret(party.client, actor=None)
    client_secrets.retire_others(fresh, overlap=DAY, actor=None)
    passed(secret, 19, used=2)
    sweep()
    assert "2 access tokens that it brought are alive" in Message.objects.get().text
