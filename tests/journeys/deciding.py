"""How a reviewer decides: by clicking."""

import time

from playwright.sync_api import Page, expect

from tests.support.screenshots import violations


def decide(page: Page, verdict: str, reason: str) -> float:
    """Take a decision about what the page shows; return the moment in which it was answered."""
    page.get_by_role("link", name=verdict).click()
    page.get_by_label("Reason").fill(reason)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name=verdict).click()
    assert answered.value.status == 302
    moment = time.monotonic()
    expect(page.get_by_text("is done and recorded")).to_be_visible()
    assert violations(page) == []
    return moment
