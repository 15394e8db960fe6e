"""Tries are counted in Valkey, and in each process while it is away."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from apps.core import throttle, valkey


def away() -> None:
    raise redis.ConnectionError


@pytest.fixture(params=["with Valkey", "without"])
def who(request: pytest.FixtureRequest) -> Iterator[str]:
    """Somebody new."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "without":
            patch.setattr(valkey, "client", away)
        yield str(uuid4())


def test_the_first_tries_are_admitted_and_each_person_has_their_own(who: str) -> None:
    admitted = [throttle.admits("test", who, at_most=2, window=60) for _ in range(3)]
    assert admitted == [True, True, False]
    assert throttle.admits("test", who, "elsewhere", at_most=2, window=60)
    assert throttle.admits("another test", who, at_most=2, window=60)


def test_asking_how_long_to_wait_counts_nothing(who: str) -> None:
    for _ in range(3):
        assert throttle.wait("test", who, at_most=1) == 0
    assert throttle.count("test", who, window=60) == 1
    assert 0 < throttle.wait("test", who, at_most=1) <= 61
    assert throttle.wait("test", who, at_most=2) == 0


def test_a_window_ends(who: str) -> None:
    throttle.count("test", who, window=0)
    assert throttle.wait("test", who, at_most=2) == 0
    assert throttle.admits("test", who, at_most=1, window=60)


@pytest.mark.parametrize(
    ("address", "stands_for"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002:"),
        (None, ""),
        ("unix", "unix"),
    ],
)
def test_an_ipv6_network_is_one_caller(address: str | None, stands_for: str) -> None:
    assert throttle.network(address) == stands_for
