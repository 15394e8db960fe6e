"""What access tokens did is counted under their client, and found by it."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.keys.models import Key
from apps.oauth.models import Client
from apps.usage import record
from apps.usage import selectors as usage
from tests.support import make, traffic


@pytest.fixture
def key(developer: User) -> Key:
    return make.key(make.application(developer.memberships.get().organization)).key


@pytest.fixture
def client(key: Key, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client; a request with its name is one of its tokens."""
    made: Client = Client.objects.create(name="Back office", application=key.application)

    real = record.owner

    def owner(**fields: Any) -> bytes:
        return real(**fields | {"key": traffic.uuid(made.client_id)})

    monkeypatch.setattr(record, "owner", owner)
    return made


def test_the_log_names_the_client(developer: User, key: Key, client: Client) -> None:
    traffic.serve(key)
    [row] = usage.requests(developer, key=client.client_id).rows
    assert (row.key_id, row.key_name, row.key_hint) == (client.client_id, "Back office", "")
    assert usage.requests(developer, key=key).rows == []
    assert usage.requests(developer, key="cli_nonsense").rows == []


def test_shares_name_the_client(developer: User, key: Key, client: Client) -> None:
    traffic.serve(key)
    [share] = usage.by_key(usage.select(developer))
    assert (share.label, share.requests) == ("Back office", 1)
