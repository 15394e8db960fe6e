"""What an operator or a developer stops is stopped everywhere within a second."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.journeys.box import Box

ORDERS = "/commerce/v1/orders?limit=1"
PROMISE = 1.0  # seconds
PATIENCE = 15.0
ISSUE = """
from apps.keys import services as keys
key = keys.find({secret!r})
made = keys.issue(
    key.application, tenant=key.tenant, name="Stop", scopes=key.scopes, actor=key.created_by
)
print(made.secret)
"""
ACT = """
import time
from apps.accounts.models import User
from apps.applications import services as applications
from apps.keys import services as keys
from apps.moderation import services as moderation
key = keys.find({secret!r})
operator = User.objects.filter(is_superuser=True).first()
{act}
print(time.monotonic())
"""


@dataclass
class Seen:
    """What one gateway answered: when each call was sent, and its code ("" for a success)."""

    calls: list[tuple[float, str]] = field(default_factory=list)

    def since(self, moment: float) -> list[str]:
        return [code for sent, code in self.calls if sent >= moment]


@contextmanager
def calling(box: Box, secret: str) -> Iterator[list[Seen]]:
    """Call every gateway again and again inside the block."""
    stop, seen = threading.Event(), [Seen() for _ in box.apis]

    def call(base: str, notes: Seen) -> None:
        while not stop.wait(0.02):
            sent = time.monotonic()
            answer = box.call(ORDERS, key=secret, base=base)
            notes.calls.append((sent, answer.json().get("code", "")))

    callers = [
        threading.Thread(target=call, args=pair) for pair in zip(box.apis, seen, strict=True)
    ]
    for caller in callers:
        caller.start()
    try:
        until(lambda: all(notes.calls for notes in seen))
        yield seen
    finally:
        stop.set()
        for caller in callers:
            caller.join()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def secret(box: Box) -> str:
    """A working key, for which nothing is in any cache yet."""
    return box.python(ISSUE.format(secret=box.facts["sandbox_key"])).splitlines()[-1]


def act(box: Box, secret: str, words: str) -> float:
    """Do something and return when it was done: the clock is the same in every process."""
    return float(box.python(ACT.format(secret=secret, act=words)).split()[-1])


def codes_after(seen: list[Seen], moment: float) -> set[str]:
    """Wait for five calls that each gateway was sent after ``moment``; return their codes."""
    until(lambda: all(len(notes.since(moment)) >= 5 for notes in seen))
    return {code for notes in seen for code in notes.since(moment)}


def test_a_revoked_key_is_refused_by_both_gateways(box: Box, secret: str) -> None:
    with calling(box, secret) as seen:
        assert codes_after(seen, 0) == {""}
        revoked = act(box, secret, "keys.revoke(key, actor=None)")
        assert codes_after(seen, revoked + PROMISE) == {"key_revoked"}


def test_a_suspended_application_is_refused_and_let_in_again(box: Box, secret: str) -> None:
    decide = "moderation.{}(key.application, reason='Journey', actor=operator)"
    with calling(box, secret) as seen:
        assert codes_after(seen, 0) == {""}
        suspended = act(box, secret, decide.format("suspend"))
        try:
            assert codes_after(seen, suspended + PROMISE) == {"application_suspended"}
        finally:
            reinstated = act(box, secret, decide.format("reinstate"))
        assert codes_after(seen, reinstated + PROMISE) == {""}
