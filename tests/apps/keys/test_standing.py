"""Copies of keys are dropped when the standing of their organization changes."""

import pytest

from apps.core import invalidation, valkey
from apps.events.models import Event
from apps.keys import revocation
from tests.support import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["organization.suspended", "organization.reinstated"])
def test_a_word_about_an_organization_drops_the_copies_of_its_keys_alone(kind: str) -> None:
    ours, theirs = make.key().key, make.key().key
    names = [invalidation.cache_name(bytes(key.digest)) for key in (ours, theirs)]
    organization = ours.application.organization_id
    assert organization != theirs.application.organization_id
    store = valkey.client()
    store.mset(dict.fromkeys(names, "copy"))
    with store.pubsub() as heard:  # type: ignore[no-untyped-call]  # redis-py has none
        heard.subscribe(invalidation.CHANNEL)
        assert heard.get_message(timeout=1)["type"] == "subscribe"
        revocation.follow([Event(type=kind, subject=organization, organization=organization)])
        assert store.mget(names) == [None, b"copy"]
        message = heard.get_message(timeout=1)
    assert message is not None
    assert message["data"] == f"org:{organization}".encode()
