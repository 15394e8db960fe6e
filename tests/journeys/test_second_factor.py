"""Passkeys, authenticator apps and recovery codes, as a person in Chromium meets them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import CDPSession, Page, expect

from tests.journeys.box import Box
from tests.support.screenshots import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PASSWORD = "correct horse battery"
PERIOD = 30
MAKE = """
from allauth.account.models import EmailAddress
from apps.accounts.models import User
from apps.onboarding import services
user = User.objects.create_user("{email}", "{password}", name="Zoe")
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
services.welcome(user)
"""


@dataclass
class Person:
    """Somebody who signs up for this test only."""

    email: str
    page: Page
    portal: str

    def enter(self) -> None:
        """Give e-mail address and password."""
        self.page.goto(f"{self.portal}/accounts/login/")
        self.page.fill("[name=login]", self.email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")

    def leave(self) -> None:
        """Sign out."""
        self.page.goto(f"{self.portal}/overview")
        self.page.locator("header details summary").click()
        self.page.get_by_role("button", name="Sign out").click()

    def security(self) -> None:
        self.page.goto(f"{self.portal}/accounts/2fa/")

    def at_home(self) -> None:
        """Find oneself signed in."""
        self.page.wait_for_url(f"{self.portal}/overview")
        expect(self.page.get_by_role("heading", name="Overview").first).to_be_visible()


@pytest.fixture
def zoe(page: Page, box: Box) -> Person:
    email = f"zoe{time.monotonic_ns()}@demo.example"
    box.python(MAKE.format(email=email, password=PASSWORD))
    sign_in(page, box.portal, email, PASSWORD)
    return Person(email, page, box.portal)


@pytest.fixture
def authenticator(page: Page) -> Iterator[CDPSession]:
    """A device that keeps passkeys and knows its person's finger."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield tools
    tools.detach()


def code(secret: str, *, ahead: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + ahead)))


def session_cookie(page: Page) -> str:
    return next(one["value"] for one in page.context.cookies() if one["name"] == "sessionid")


def add_passkey(zoe: Person, name: str) -> list[str]:
    zoe.security()
    zoe.page.get_by_role("link", name="Add a passkey").click()
    zoe.page.get_by_label("Name").fill(name)
    zoe.page.get_by_role("button", name="Create the passkey").click()
    expect(zoe.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return zoe.page.locator("#codes li").all_inner_texts()


def test_a_passkey_signs_in_alone_and_is_the_second_step_after_a_password(
    zoe: Person, authenticator: CDPSession
) -> None:
    page, before = zoe.page, session_cookie(zoe.page)
    codes = add_passkey(zoe, "This laptop")
    assert len(set(codes)) == 10
    assert session_cookie(page) != before
    zoe.security()
    expect(page.get_by_text("This laptop")).to_be_visible()
    zoe.leave()
    page.goto(f"{zoe.portal}/accounts/login/?next=/keys")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{zoe.portal}/keys")
    zoe.leave()
    zoe.enter()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.goto(f"{zoe.portal}/overview")
    assert page.url != f"{zoe.portal}/overview", "the password alone opens nothing"
    page.goto(f"{zoe.portal}/accounts/2fa/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    zoe.at_home()


def test_a_passkey_of_nobody_opens_nothing(zoe: Person, authenticator: CDPSession) -> None:
    add_passkey(zoe, "Lost phone")
    zoe.security()
    zoe.page.get_by_role("link", name="Remove Lost phone").click()
    zoe.page.get_by_role("button", name="Remove the passkey").click()
    expect(zoe.page.get_by_text("Lost phone")).to_have_count(0)
    zoe.leave()
    zoe.page.goto(f"{zoe.portal}/accounts/login/")
    zoe.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(zoe.page.get_by_text("That is not right")).to_be_visible()
    zoe.page.goto(f"{zoe.portal}/overview")
    expect(zoe.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_code_of_an_app_is_good_once_and_a_recovery_code_stands_in(zoe: Person, box: Box) -> None:
    page = zoe.page
    zoe.security()
    page.get_by_role("link", name="Set up").click()
    secret = page.locator("#totp-secret").inner_text()
    first = code(secret)
    page.get_by_label("Code").fill(first)
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    spare, other = page.locator("#codes li").all_inner_texts()[:2]
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert spare in download.value.path().read_text()
    zoe.leave()
    zoe.enter()
    for wrong in ("000000", first):
        page.get_by_label("Code").fill(wrong)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("was used before")).to_be_visible()
    second = code(secret, ahead=1)
    page.get_by_label("Code").fill(second)
    page.get_by_role("button", name="Sign in").click()
    zoe.at_home()
    zoe.leave()
    zoe.enter()
    page.get_by_label("Code").fill(second)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("was used before")).to_be_visible()
    page.get_by_label("Code").fill(spare)
    page.get_by_role("button", name="Sign in").click()
    zoe.at_home()
    zoe.leave()
    zoe.enter()
    page.get_by_label("Code").fill(spare)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("was used before")).to_be_visible()
    page.get_by_label("Code").fill(other)
    page.get_by_role("button", name="Sign in").click()
    zoe.at_home()
    assert re.search(r"[0-9]{8}", spare)
    mails = box.python(
        "from apps.notifications.models import Message\n"
        f"print(*[m.subject for m in Message.objects.filter(recipients=['{zoe.email}'])], sep='|')"
    )
    assert "uses an authenticator app now" in mails


def test_what_matters_most_asks_again_and_takes_a_passkey(
    zoe: Person, authenticator: CDPSession, box: Box
) -> None:
    add_passkey(zoe, "This laptop")
    box.python(
        "from django.contrib.sessions.models import Session\n"
        "from django.contrib.sessions.backends.cached_db import SessionStore\n"
        f"store = SessionStore('{session_cookie(zoe.page)}')\n"
        "for record in store['account_authentication_methods']: record['at'] -= 3600\n"
        "store.modified = True\nstore.save()"
    )
    page = zoe.page
    page.goto(f"{zoe.portal}/accounts/password/change/")
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
