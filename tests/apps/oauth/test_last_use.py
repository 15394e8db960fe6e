"""Tokens, clients and consents learn when they were used, in a few statements for all of them."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.oauth import use
from apps.oauth.models import AccessToken, Client, Consent
from tests.gateway import tokens
from tests.support import make

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_tokens_use_is_seen_at_its_client_and_consent() -> None:
    person = make.user()
    used = tokens.token(user=person).row
    idle = tokens.token(user=person).row
    given = [
        Consent.objects.create(user=person, client=row.application, tenant_id=row.tenant_id)
        for row in (used, idle)
    ]
    withdrawn = Consent.objects.create(
        user=person, client=used.application, tenant_id=used.tenant_id, revoked_at=NOON
    )
    noted = [(used.public_id, NOON.timestamp()), (uuid4(), NOON.timestamp())]
    with CaptureQueriesContext(connection) as queries:
        assert use.learn(noted) == 1
    assert len(queries) == 3
    for row in (used, used.application, given[0]):
        row.refresh_from_db()
        assert row.last_used_at == NOON
    for row in (idle, idle.application, given[1], withdrawn):
        row.refresh_from_db()
        assert row.last_used_at is None


def test_the_latest_use_of_a_clients_tokens_counts_and_time_does_not_run_backwards() -> None:
    first = tokens.token().row
    second = tokens.token(client=first.application, tenant=first.tenant).row
    later, earlier = NOON.timestamp(), (NOON - timedelta(minutes=9)).timestamp()
    assert use.learn([(first.public_id, later), (second.public_id, earlier)]) == 2
    assert use.learn([(first.public_id, earlier)]) == 1
    assert AccessToken.objects.get(pk=first.pk).last_used_at == NOON
    assert Client.objects.get(pk=first.application_id).last_used_at == NOON


def test_nothing_noted_is_nothing_asked() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert use.learn([]) == 0
    assert len(queries) == 0
