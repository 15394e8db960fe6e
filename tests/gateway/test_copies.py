"""How long a copy of a credential is trusted: without any service."""

import asyncio
import hashlib
import time
from typing import Any, cast

import pytest

from apps.core import secrets
from gateway.credentials import Credentials
from gateway.keyring import Keyring
from gateway.link import Down, Link
from gateway.problems import CredentialStoreUnavailable
from gateway.store import Store, StoreDown
from tests.gateway.test_leases import credential


class Away:
    """A Valkey that cannot be asked, whether or not its news still arrive."""

    def __init__(self, *, up: bool) -> None:
        self.up = up

    def ask(self, _: bytes) -> Any:
        raise Down


class Silent:
    """A PostgreSQL that cannot be asked."""

    async def token(self, _: bytes) -> Any:
        raise StoreDown


def source(age: float, *, up: bool) -> str:
    """Return where a token is found whose copy in memory is ``age`` seconds old."""
    secret = secrets.mint("test", kind="a")
    digest = hashlib.sha256(secret.encode()).digest()
    known = Credentials(
        cast("Store", Silent()),
        cast("Link", Away(up=up)),
        peppers=(b"p" * 32,),
        prefix="trl",
        keyring=cast("Keyring", None),
    )
    known.held[digest] = copy = credential()
    copy.read_at = time.time() - age
    return asyncio.run(known.find(secret))[1]


@pytest.mark.parametrize(
    ("age", "up", "found"),
    [
        (1.5, True, "memory"),
        (4.5, True, "memory"),
        (5.5, True, "stale"),
        (1.5, False, "memory"),
        (2.5, False, "stale"),
        (299, False, "stale"),
    ],
)
def test_a_copy_is_trusted_five_seconds_with_news_and_two_without(
    age: float, *, up: bool, found: str
) -> None:
    assert source(age, up=up) == found


def test_a_copy_of_five_minutes_serves_nobody() -> None:
    with pytest.raises(CredentialStoreUnavailable):
        source(301, up=True)
