"""What an operator or a developer stops is stopped everywhere within a second."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page

from tests.journeys.box import Box
from tests.journeys.deciding import decide
from tests.support.screenshots import sign_in

ORDERS = "/commerce/v1/orders?limit=1"
PROMISE = 1.0  # seconds
PATIENCE = 15.0
ISSUE = """
from django.contrib.admin.utils import quote
from apps.keys import services as keys
key = keys.find({secret!r})
made = keys.issue(
    key.application, tenant=key.tenant, name="Stop", scopes=key.scopes, actor=key.created_by
)
print(made.secret, quote(key.application.pk))
"""
REVOKE = """
import time
from apps.keys import services as keys
keys.revoke(keys.find({secret!r}), actor=None)
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


@dataclass(frozen=True)
class Issued:
    """A working key, and its application's address in the admin."""

    secret: str
    application: str


@pytest.fixture
def issued(box: Box) -> Issued:
    """A key for which nothing is in any cache yet."""
    made = box.python(ISSUE.format(secret=box.facts["sandbox_key"])).splitlines()[-1]
    secret, application = made.split()
    return Issued(secret, f"{box.portal}/admin/applications/application/{application}/change/")


def codes_after(seen: list[Seen], moment: float) -> set[str]:
    """Wait for five calls that each gateway was sent after ``moment``; return their codes."""
    until(lambda: all(len(notes.since(moment)) >= 5 for notes in seen))
    return {code for notes in seen for code in notes.since(moment)}


def test_a_revoked_key_is_refused_by_both_gateways(box: Box, issued: Issued) -> None:
    with calling(box, issued.secret) as seen:
        assert codes_after(seen, 0) == {""}
        # The clock is the same in every process.
        revoked = float(box.python(REVOKE.format(secret=issued.secret)).split()[-1])
        assert codes_after(seen, revoked + PROMISE) == {"key_revoked"}


def test_an_application_is_refused_within_a_second_of_a_reviewers_click(
    box: Box, issued: Issued, page: Page
) -> None:
    sign_in(page, box.portal, box.facts["admin_email"], box.facts["admin_password"])
    page.goto(issued.application)
    with calling(box, issued.secret) as seen:
        assert codes_after(seen, 0) == {""}
        suspended = decide(page, "Suspend", "Thousands of failing calls")
        try:
            assert codes_after(seen, suspended + PROMISE) == {"application_suspended"}
        finally:
            reinstated = decide(page, "Reinstate", "They mended it")
        assert codes_after(seen, reinstated + PROMISE) == {""}
