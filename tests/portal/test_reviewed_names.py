"""People read the name and logo that a reviewer saw, wherever they meet an application."""

import io
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from PIL import Image

from apps.accounts.models import User
from apps.applications import presenting
from apps.applications.models import Application
from apps.moderation import services as moderation
from apps.oauth import clients, devices
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from tests.support import browsers, consent, faces, make, registering
from tests.support.faces import EVIL


@pytest.fixture
def built(db: None) -> Application:
    return faces.approved()


@pytest.fixture
def merchant(db: None) -> User:
    return make.developer()


def live(built: Application, **fields: Any) -> Client:
    return consent.client(built, environment="live", name=EVIL, **fields)


def test_the_consent_page_says_what_was_approved(built: Application, merchant: User) -> None:
    of, before = live(built), presenting.shown(built)
    faces.masked(built)
    browser = browsers.of(merchant)
    page = consent.ask(browser, of)
    said = page.content.decode()
    assert "Let Invoicer act for you?" in said
    assert "by Bicycle Shop" in said
    assert "Invoicer by" not in said  # its name stands above already
    assert "Verified" in said
    assert reverse("portal:logo", args=[built.pk, before.logo]) in said
    assert EVIL not in said
    consent.allow(browser, page, merchant)
    leaving = browser.get(consent.url(of), headers={"Sec-Fetch-Site": "same-origin"})
    listed = browser.get(reverse("portal:connections")).content.decode()
    assert "Back to Invoicer" in leaving.content.decode()
    assert "Disconnect Invoicer" in listed
    for shown in (leaving.content.decode(), listed):
        assert EVIL not in shown


def test_a_device_is_let_in_under_the_approved_name(built: Application, merchant: User) -> None:
    of = live(built, authentication="none", grant_types=[GrantType.DEVICE])
    faces.masked(built)
    code = devices.begin(of, scopes=["openid"]).user_code
    page = browsers.of(merchant).post(reverse("portal:device"), {"user_code": code})
    assert "Let a device with Invoicer act for you?" in page.content.decode()
    assert EVIL not in page.content.decode()


def test_no_client_of_an_approved_application_has_a_name_of_its_own(
    built: Application, merchant: User
) -> None:
    """A leader names live clients, a developer those of sandboxes: no reviewer reads either."""
    for environment in ("live", "sandbox"):
        of = consent.client(built, environment=environment, name="Invoicer")
        clients.change(of, name=EVIL, actor=None)
        make.sandbox(merchant.memberships.get().organization)
        said = consent.ask(browsers.of(merchant), of).content.decode()
        assert "Let Invoicer act for you?" in said
        assert EVIL not in said


def test_what_nobody_approved_is_called_so(merchant: User) -> None:
    make.sandbox(merchant.memberships.get().organization)
    of = consent.client(make.application(name="Invoicer"), name="Ledger")
    said = consent.ask(browsers.of(merchant), of).content.decode()
    assert "Let Ledger act for you?" in said
    assert "Invoicer by " in said
    assert "Not verified" in said


def test_both_logos_are_served_and_no_other(built: Application) -> None:
    before = presenting.shown(built).logo
    after = faces.masked(built).logo.digest
    for digest in (before, after):
        answer = Browser().get(reverse("portal:logo", args=[built.pk, digest]))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(answer.content)).size == (256, 256)
    other = make.application(approved=True)
    for of, digest in ((other, before), (built, "0" * 64)):
        assert Browser().get(reverse("portal:logo", args=[of.pk, digest])).status_code == 404


def test_developers_read_what_waits_and_why_it_was_declined(built: Application) -> None:
    browser = browsers.of(faces.owner(built))
    pages = [
        reverse("portal:applications-detail", args=[built.pk]),
        reverse("portal:applications-oauth", args=[built.pk]),
    ]
    for address in pages:
        assert "wait for review" not in browser.get(address).content.decode()
    changed = faces.masked(built)
    for address in pages:
        said = browser.get(address).content.decode()
        assert "Your changes wait for review" in said
        assert "Bicycle Shop" in said
        assert presenting.shown(built).logo in said
    moderation.decline_changes(changed, reason="You are no bank.", actor=make.operator())
    for address in pages:
        said = browser.get(address).content.decode()
        assert "A reviewer declined your changes" in said
        assert "You are no bank." in said


def test_what_registered_itself_is_called_what_it_is(
    client: Browser, merchant: User, settings: Any
) -> None:
    settings.REGISTRATION = "open"
    make.plan()
    make.scopes("orders:read")
    make.sandbox(merchant.memberships.get().organization)
    body = registering.send(client, registering.MCP | {"redirect_uris": [consent.CALLBACK]}).json()
    of = Client.objects.get(client_id=body["client_id"])
    browser = browsers.of(merchant)
    page = consent.ask(browser, of)
    consent.allow(browser, page, merchant)
    for said in (page, browser.get(reverse("portal:connections"))):
        words = " ".join(said.content.decode().split())
        assert "An application that registered itself. Nobody reviewed it." in words
        assert "by Registered clients" not in words
