"""How long a gateway accepts a nonce, and how long it remembers a proof: without any service."""

import asyncio
import hashlib
import time
from typing import cast

import pytest
from time_machine import TimeMachineFixture

from apps.core.dpop import BadProof
from gateway import proofs
from gateway.link import Down, Link
from gateway.proofs import Nonces, Proofs, Replayed, Wanted
from tests.gateway.tokens import Keys, b64

ROOT = b"0" * 32
URL = "http://api.test/shop/v1/echo"
TOKEN = hashlib.sha256(b"token").digest()


class Away:
    """A Valkey that nobody reaches."""

    def ask(self, _: bytes) -> None:
        raise Down


def proof(keys: Keys, known: Proofs, *, jti: str, at: float) -> str:
    header = {"typ": "dpop+jwt", "alg": keys.algorithm, "jwk": keys.jwk}
    claims = {"jti": jti, "htm": "GET", "htu": URL, "iat": at, "ath": b64(TOKEN)}
    return keys.sign(header, claims | {"nonce": known.nonces.current(time.time())})


def use(known: Proofs, keys: Keys, text: str) -> None:
    asyncio.run(known.check(text, Wanted("GET", URL, TOKEN, keys.thumbprint)))


def test_a_nonce_is_good_for_five_to_ten_minutes_and_never_ahead_of_time() -> None:
    nonces, now = Nonces(ROOT), 300.0 * 5_000_000
    current = nonces.current(now)
    for later in (0, 299, 300, 599):
        assert nonces.accepts(current, now + later)
    for other in (-1, 600, 900, 3600):
        assert not nonces.accepts(current, now + other)
    assert not Nonces(b"1" * 32).accepts(current, now)
    assert not nonces.accepts("", now)


def test_a_proof_is_remembered_as_long_as_it_could_be_accepted(
    time_machine: TimeMachineFixture,
) -> None:
    keys, known = Keys(), Proofs(cast("Link", Away()), ROOT)
    began = 300.0 * 5_000_000
    time_machine.move_to(began, tick=False)
    ahead = proof(keys, known, jti="a", at=began + 60)  # by a clock that is a minute fast
    use(known, keys, ahead)
    for later in (0, 60, 119, 120):
        time_machine.move_to(began + later, tick=False)
        with pytest.raises(Replayed):
            use(known, keys, ahead)
    time_machine.move_to(began + 121, tick=False)
    with pytest.raises(BadProof, match="iat"):
        use(known, keys, ahead)


def test_a_gateway_remembers_so_many_proofs(
    monkeypatch: pytest.MonkeyPatch, time_machine: TimeMachineFixture
) -> None:
    monkeypatch.setattr(proofs, "KEPT", 5)
    keys, known = Keys(), Proofs(cast("Link", Away()), ROOT)
    began = 300.0 * 5_000_000
    time_machine.move_to(began, tick=False)
    for number in range(20):
        use(known, keys, proof(keys, known, jti=str(number), at=began))
    assert len(known.used) == 5
    time_machine.move_to(began + proofs.REMEMBERED + 1, tick=False)
    use(known, keys, proof(keys, known, jti="last", at=time.time()))
    assert len(known.used) == 1
