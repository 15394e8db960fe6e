"""A merchant lets a stranger's program act for them, and takes that back."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.box import Box
from tests.support.screenshots import violations

pytestmark = pytest.mark.browser
KNOWN = """
import json
from django.db import transaction
from apps.commerce.models import Payment
from apps.events.models import Event
from apps.tenants.isolation import acting_in
from apps.tenants.models import Tenant
payment = {payment!r}
found = Event.objects.filter(subject=payment, type="payment.created").get()
with transaction.atomic(), acting_in(Tenant.objects.get(pk=found.tenant)):
    row = Payment.objects.select_related("order").get(pk=payment)
    print(json.dumps([row.order_id, row.payment_method, found.actor]))
"""


def owed(box: Box) -> str:
    """Let a customer of the shop owe something; return which order it is."""
    lists = [box.call(f"/commerce/v1/{kind}?limit=1").json() for kind in ("customers", "products")]
    customer, product = (found["data"][0] for found in lists)
    lines = [{"product": product["id"], "quantity": 1}]
    body = {"customer": customer["id"], "currency": product["currency"], "lines": lines}
    order = box.call("/commerce/v1/orders", method="POST", json=body).json()["id"]
    opened = box.call(f"/commerce/v1/orders/{order}/open", method="POST")
    assert opened.status_code == 200, opened.text
    return str(order)


def sign_in(page: Page, box: Box) -> None:
    """Go to the program, and from there to sign in and to agree."""
    page.goto(box.example)
    page.get_by_role("link", name="Sign in with your shop").click()
    page.get_by_label("E-mail address").fill(box.facts["merchant_email"])
    page.get_by_label("Password", exact=True).fill(box.facts["merchant_password"])
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_merchant_agrees_pays_and_takes_it_back(page: Page, box: Box) -> None:
    named = owed(box)
    sign_in(page, box)
    expect(page.get_by_role("heading", name="Let Back office act for you?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Take and refund payments")
    assert violations(page) == []
    page.get_by_role("checkbox").uncheck()  # the address is not needed
    page.get_by_role("button", name="Allow").click()

    page.wait_for_url(f"{box.example}/")
    expect(page.locator("header")).to_contain_text("Mira Merchant")
    assert violations(page) == []
    order = page.get_by_role("row").filter(has_text=named)
    order.get_by_role("combobox").select_option("pm_ok")
    order.get_by_role("button", name=f"Collect {named}").click()

    said = page.get_by_role("status").inner_text()
    payment = re.search(r"pay_\w{22}", said)
    assert payment
    assert named in said
    assert box.python(KNOWN.format(payment=payment[0])).startswith(f'["{named}", "pm_ok"')
    _wait_for(page, payment[0], "succeeded")

    _disconnect(page, box)
    page.goto(box.example)
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text("was revoked")
    expect(refused).to_contain_text("token_revoked")
    expect(page.get_by_role("button", name=re.compile("^Collect"))).to_have_count(0)
    assert violations(page) == []


def test_who_refuses_is_told_so_and_who_signs_out_is_signed_out_at_both(
    page: Page, box: Box
) -> None:
    sign_in(page, box)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("The end user refused.")
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{box.portal}/connections")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def _wait_for(page: Page, payment: str, status: str) -> None:
    until = time.monotonic() + 10
    row = page.get_by_role("row").filter(has_text=payment)
    while status not in row.inner_text():
        assert time.monotonic() < until
        page.reload()


def _disconnect(page: Page, box: Box) -> None:
    page.goto(f"{box.portal}/connections")
    row = page.locator("main").filter(has_text="Back office")
    row.get_by_role("link", name=re.compile("Disconnect")).first.click()
    page.get_by_role("button", name=re.compile("Disconnect")).click()
    expect(page.get_by_text("Back office is disconnected.")).to_be_visible()
