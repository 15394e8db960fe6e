"""What can neither be used nor replayed is forgotten; what would show a replay is not."""

import pytest
from django.conf import settings
from django.db.models import Model
from time_machine import TimeMachineFixture

from apps.oauth import proofs, sweeping, tasks
from apps.oauth.models import AccessToken, Grant, PushedRequest, RefreshToken, UsedProof
from tests.support import oauth
from tests.support.oauth import Prover

pytestmark = pytest.mark.django_db

DAY = 24 * 3600


def counts(*models: type[Model]) -> list[int]:
    return [model._default_manager.count() for model in models]


def test_nothing_of_today_is_forgotten() -> None:
    party = oauth.confidential()
    party.refresh(party.redeem(oauth.code(party)).body["refresh_token"])
    assert sweeping.sweep() == 0
    assert counts(Grant, AccessToken, RefreshToken) == [1, 2, 2]


def test_a_replay_is_noticed_as_long_as_the_family_can_live(
    time_machine: TimeMachineFixture,
) -> None:
    party = oauth.confidential()
    code, unredeemed = oauth.code(party), oauth.code(party)
    party.refresh(party.redeem(code).body["refresh_token"])
    oauth.later(time_machine, 29 * DAY)
    tasks.sweep()
    assert counts(Grant, AccessToken, RefreshToken) == [1, 0, 2]
    assert party.redeem(unredeemed).error == "invalid_grant"
    assert "used before" in party.redeem(code).said
    assert not RefreshToken.objects.filter(revoked=None).exists()
    oauth.later(time_machine, 63 * DAY)
    tasks.sweep()
    assert counts(Grant, AccessToken, RefreshToken) == [0, 0, 0]


def test_proofs_and_pushed_requests_go_when_they_are_good_for_nothing(
    time_machine: TimeMachineFixture,
) -> None:
    party = oauth.public()
    header = {"DPoP": Prover().proof(nonce=proofs.nonce())}
    party.redeem(oauth.code(party), headers=header)
    PushedRequest.objects.create(
        digest=b"x",
        client=party.client,
        parameters=[],
        expires_at=UsedProof.objects.get().expires_at,
    )
    assert sweeping.sweep() == 0
    oauth.later(time_machine, 240)
    assert sweeping.sweep() == 2
    assert counts(UsedProof, PushedRequest) == [0, 0]


def test_beat_sweeps() -> None:
    tasks_known = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.sweep.name in tasks_known
