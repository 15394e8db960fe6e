"""From sign-up to a metered first call, as a newcomer does it in a browser and a terminal."""

import re
import time

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.box import Box

pytestmark = pytest.mark.browser
VISIBLE_WITHIN = 2.0
CURL = re.compile(
    r'curl\s+"?(?P<url>http\S+?)"?\s.*?Authorization: Bearer (?P<key>\S+?)"', re.DOTALL
)


def sign_up(page: Page, box: Box, email: str) -> None:
    """Create an account, reading the code from the outbox as a newcomer would."""
    page.goto(f"{box.portal}/")
    page.get_by_role("link", name="Start building").first.click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Your name").fill("Nora New")
    page.get_by_label("Password", exact=True).fill("a long enough secret")
    page.get_by_label("I accept the terms").check()
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/confirm-email/**")
    outbox = page.context.new_page()
    outbox.goto(f"{box.portal}/outbox")
    outbox.get_by_role("link", name=email).first.click()
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", outbox.locator("main").inner_text())
    assert code
    outbox.close()
    page.get_by_label("Code").fill(code[0])
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/start")


def test_a_newcomer_signs_up_calls_looks_and_revokes(page: Page, box: Box) -> None:
    sign_up(page, box, f"nora{time.monotonic_ns()}@example.com")
    expect(page.get_by_text("Listening for your first request")).to_be_visible()
    command = CURL.search(page.locator("pre", has_text="curl").first.inner_text())
    assert command

    answer = httpx.get(command["url"], headers={"Authorization": f"Bearer {command['key']}"})
    assert answer.status_code == 200
    request_id = answer.headers["trellis-request-id"]

    expect(page.get_by_text("It works.")).to_be_visible(timeout=2000)
    expect(page.locator("main")).to_contain_text(request_id)
    answered = time.monotonic()
    page.get_by_role("link", name="Open its log entry").click()
    while page.get_by_role("heading", level=1).inner_text().startswith("Not"):
        assert time.monotonic() < answered + VISIBLE_WITHIN
        page.reload()
    expect(page.locator("main")).to_contain_text(request_id)
    expect(page.locator("main")).to_contain_text("200")

    page.get_by_role("link", name="API keys").first.click()
    page.get_by_role("row").filter(has_text=command["key"][-4:]).get_by_role(
        "button", name="Revoke"
    ).or_(
        page.get_by_role("row")
        .filter(has_text=command["key"][-4:])
        .get_by_role("link", name="Revoke")
    ).click()
    page.get_by_role("button", name="Revoke").last.click()
    expect(page.get_by_text("Revoked").first).to_be_visible()
    refused = httpx.get(command["url"], headers={"Authorization": f"Bearer {command['key']}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "key_revoked")
