"""A developer asks for review, and a reviewer decides in the admin."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.box import Box
from tests.journeys.deciding import decide
from tests.support.screenshots import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_an_application_is_submitted_approved_and_gets_a_live_key(
    page: Page, chromium: Browser, box: Box
) -> None:
    facts, name = box.facts, f"Ledger {time.monotonic_ns()}"
    sign_in(page, box.portal, facts["developer_email"], facts["developer_password"])
    page.goto(f"{box.portal}/applications/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name=re.compile("Create")).click()
    page.get_by_role("link", name=re.compile("Submit for review")).first.click()
    page.get_by_label("Description").fill("Keeps the books of a shop.")
    page.get_by_role("button", name=re.compile("Submit")).click()
    expect(page.get_by_text("In review").first).to_be_visible()
    application = page.url

    reviewer = chromium.new_context().new_page()
    sign_in(reviewer, box.portal, facts["admin_email"], facts["admin_password"])
    reviewer.goto(f"{box.portal}/admin/")
    reviewer.get_by_role("link", name=name).click()
    decide(reviewer, "Approve for live traffic", "Well described")
    expect(reviewer.get_by_text("Approved").first).to_be_visible()
    reviewer.context.close()

    page.goto(application)
    expect(page.get_by_text("Well described")).to_be_visible()
    page.goto(f"{box.portal}/keys/new")
    page.get_by_role("textbox", name="Name").fill("Production")
    page.get_by_label("Application", exact=True).select_option(label=name)
    page.get_by_role("combobox", name="Environment").select_option(label="Live")
    page.get_by_role("button", name=re.compile("Create")).click()
    secret = re.search(r"trl_live_k\w{38}", page.locator("main").inner_text())
    assert secret
    answer = box.call("/commerce/v1/orders", key=secret[0])
    assert answer.status_code == 200
    assert {order["livemode"] for order in answer.json()["data"]} == {True}
    page.goto(f"{box.portal}/keys")
    assert secret[0] not in page.content()

    outbox = page.context.new_page()
    outbox.goto(f"{box.portal}/outbox")
    expect(outbox.get_by_text(name).first).to_be_visible()
