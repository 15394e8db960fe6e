"""The keys that tokens are signed with are read seldom, and forgotten soon."""

import asyncio
import time
from typing import Any, cast

import pytest

from apps.core.errors import Problem
from gateway import keyring
from gateway.keyring import Keyring
from gateway.store import Store, StoreDown
from tests.gateway.tokens import Keys


class Shelf:
    """A store that holds signing keys, counts who asks, and may be away."""

    def __init__(self, *keys: Keys) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.away = False

    async def signing_keys(self) -> list[dict[str, Any]]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise StoreDown
        return [
            {"algorithm": key.algorithm, "public": key.jwk | {"kid": key.kid}} for key in self.keys
        ]


def keys(kid: str) -> Keys:
    made = Keys("ES256")
    made.kid = kid
    return made


def ring(shelf: Shelf) -> Keyring:
    return Keyring(cast("Store", shelf), issuer="http://portal.test", audience="http://api.test")


def token(keys: Keys, *, aud: Any = "http://api.test", **changes: Any) -> str:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": keys.kid} | changes
    claims = {"iss": "http://portal.test", "aud": aud, "exp": time.time() + 60}
    return keys.sign(header, claims)


async def said(ring: Keyring, text: str) -> str:
    try:
        await ring.check(text)
    except Problem as problem:
        return problem.code
    return ""


def test_a_flood_of_unknown_keys_asks_once() -> None:
    shelf = Shelf(keys("a"))
    strangers = [token(keys(f"k{number}")) for number in range(50)]

    async def flood() -> set[str]:
        checked = ring(shelf)
        return set(await asyncio.gather(*(said(checked, text) for text in strangers)))

    assert asyncio.run(flood()) == {"token_malformed"}
    assert shelf.asked == 1


def test_a_new_key_is_known_after_a_moment_and_a_withdrawn_one_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyring, "PAUSE", 0.05)
    monkeypatch.setattr(keyring, "FRESH", 0.2)
    old, new = keys("old"), keys("new")
    shelf = Shelf(old)

    async def story() -> None:
        checked = ring(shelf)
        assert await said(checked, token(old)) == ""
        shelf.keys = [new]
        assert await said(checked, token(new)) == "token_malformed"
        assert await said(checked, token(old)) == ""
        await asyncio.sleep(0.06)
        assert await said(checked, token(new)) == ""
        assert await said(checked, token(old)) == "token_malformed"

    asyncio.run(story())


def test_a_withdrawn_key_is_forgotten_though_no_other_key_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyring, "PAUSE", 0.01)
    monkeypatch.setattr(keyring, "FRESH", 0.05)
    leaked = keys("leaked")
    shelf = Shelf(leaked)

    async def story() -> None:
        checked = ring(shelf)
        assert await said(checked, token(leaked)) == ""
        shelf.keys = []
        await asyncio.sleep(0.06)
        assert await said(checked, token(leaked)) == "token_malformed"

    asyncio.run(story())


def test_while_postgresql_is_away_known_keys_still_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "PAUSE", 0.0)
    monkeypatch.setattr(keyring, "FRESH", 0.0)
    known, stranger = keys("a"), keys("b")
    shelf = Shelf(known)

    async def story() -> None:
        checked = ring(shelf)
        assert await said(checked, token(known)) == ""
        shelf.away = True
        assert await said(checked, token(known)) == ""
        assert await said(checked, token(stranger)) == "credential_store_unavailable"
        # What is junk whoever signed it is still called so.
        assert await said(checked, token(stranger, typ="JWT")) == "token_kind_wrong"

    asyncio.run(story())


def test_an_audience_that_only_begins_like_ours_is_another() -> None:
    mine = keys("a")
    ours: list[Any] = ["http://api.test", "http://api.test/", "http://api.test/shop/v1"]
    beside: list[Any] = [
        "http://api.test.evil",
        "http://api.test:81",
        "http://api.tes",
        "",
        None,
        7,
        {},
    ]

    async def story() -> None:
        checked = ring(Shelf(mine))
        for audience in ours:
            assert await said(checked, token(mine, aud=audience)) == "", audience
            assert await said(checked, token(mine, aud=[*beside, audience])) == "", audience
        for audience in (*beside, [], beside):
            assert await said(checked, token(mine, aud=audience)) == "token_audience", audience

    asyncio.run(story())
