"""The guides to OAuth, followed word by word: every block is typed as it stands."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Error, Page, expect

from tests.journeys.box import Box
from tests.journeys.terminal import Terminal, blocks

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
CALLBACK = "http://127.0.0.1:9999/callback"
MAKE = """
import json
from datetime import timedelta
from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.oauth import client_secrets, clients, registration
from apps.oauth.models.client import GrantType
ada = User.objects.get(email="ada@demo.example")
application = Application.objects.get(name="Order sync")
fields = {{"redirect_uris": [{callback!r}], "grant_types": [*GrantType.values], "actor": ada}}
jwks = json.loads({jwks!r})
if jwks:
    fields |= {{"authentication": "private_key_jwt", "jwks": jwks}}
client = clients.create(application, name="By hand", **fields)
secret = "" if jwks else client_secrets.add_secret(client, actor=ada)[1]
end = clock.real() + timedelta(days=1)
initial = registration.issue_initial_token(application, expires_at=end, actor=ada)[1]
print(json.dumps([client.client_id, secret, initial]))
"""
Made = tuple[str, str, str]


def make(box: Box, *, jwks: object = None) -> Made:
    """Return the id and secret of a client as the guides want it, and an initial access token."""
    said = box.python(MAKE.format(callback=CALLBACK, jwks=json.dumps(jwks)))
    client, secret, initial = json.loads(said.splitlines()[-1])
    return client, secret, initial


@pytest.fixture
def terminal(box: Box, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in an empty folder."""
    opened = Terminal(box, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def person(page: Page, box: Box) -> Page:
    """A browser in which the developer has signed in."""
    page.goto(f"{box.portal}/accounts/login/")
    page.get_by_label("E-mail address").fill(box.facts["developer_email"])
    page.get_by_label("Password").fill(box.facts["developer_password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/overview$"))
    return page


def allow(person: Page, address: str) -> dict[str, str]:
    """Open what the guide prints, press Allow, and read the address bar."""
    person.goto(address)
    with person.expect_request(f"{CALLBACK}**") as asked:
        person.get_by_role("button", name="Allow", exact=True).click()
    return dict(parse_qsl(urlsplit(asked.value.url).query))


def go_through(person: Page, address: str) -> dict[str, str]:
    """Open what the guide prints once more: the answer stands, and nobody is asked again."""
    with person.expect_request(f"{CALLBACK}**") as asked, suppress(Error):  # nobody listens
        person.goto(address)
    return dict(parse_qsl(urlsplit(asked.value.url).query))


def test_a_code_is_exchanged_renewed_replayed_inspected_and_revoked(
    terminal: Terminal, person: Page, box: Box
) -> None:
    ask, exchange, orders, userinfo, renew, introspect, revoke, *_ = blocks("oauth-step-by-step")
    client, secret, _ = make(box)
    said = allow(person, terminal.type(ask, CLIENT=client, SECRET=secret))
    assert (said["state"], said["iss"]) == ("spring", box.portal)
    first = terminal.ask(exchange, CODE=said["code"])
    assert first["scope"] == "openid email orders:read offline_access"
    listed = terminal.ask(orders, TOKEN=first["access_token"])
    assert (listed["object"], len(listed["data"])) == ("list", 1)
    assert terminal.ask(userinfo)["email"] == box.facts["developer_email"]

    second = terminal.ask(renew, REFRESH=first["refresh_token"])
    kept = {"NEXT_TOKEN": second["access_token"], "NEXT_REFRESH": second["refresh_token"]}
    told = terminal.ask(introspect, **kept)
    assert (told["active"], told["client_id"]) == (True, client)
    assert terminal.type(revoke) == ""
    assert terminal.ask(introspect) == {"active": False}

    third = terminal.ask(exchange, CODE=go_through(person, terminal.type(ask))["code"])
    fourth = terminal.ask(renew, REFRESH=third["refresh_token"])
    assert terminal.ask(renew)["error"] == "invalid_grant"
    refused = terminal.ask(orders, TOKEN=fourth["access_token"])
    assert refused["code"] == "token_revoked"


def test_a_device_waits_for_its_person_and_a_client_needs_none(
    terminal: Terminal, person: Page, box: Box
) -> None:
    begin, poll, alone = blocks("oauth-step-by-step")[-3:]
    client, secret, _ = make(box)
    begun = terminal.ask(begin, CLIENT=client, SECRET=secret)
    assert terminal.ask(poll, DEVICE=begun["device_code"])["error"] == "authorization_pending"
    person.goto(begun["verification_uri"])
    person.get_by_label("Code").fill(begun["user_code"])
    person.get_by_role("button", name="Continue", exact=True).click()
    person.get_by_role("button", name="Allow", exact=True).click()
    expect(person.get_by_role("heading", name="The device is connected")).to_be_visible()
    terminal.type(f"sleep {begun['interval']}")
    assert terminal.ask(poll)["scope"] == "openid orders:read"
    assert terminal.ask(alone)["scope"] == "orders:read"
    without = terminal.ask(alone.replace(" \\\n  -d scope=orders:read", ""))
    assert "orders:read" in without["scope"].split()
    assert "openid" not in without["scope"].split()


def test_a_key_signs_assertions_pushed_requests_and_proofs(
    terminal: Terminal, person: Page, box: Box
) -> None:
    pair, sign, assertion, token, push, address, proof, bound, call = blocks(
        "oauth-without-secrets"
    )
    jwks = terminal.ask(pair)
    client = make(box, jwks=jwks)[0]
    terminal.type(sign, CLIENT=client)
    terminal.type(assertion)
    assert terminal.ask(token)["scope"] == "orders:read"

    pushed = terminal.ask(push)
    said = allow(person, terminal.type(address, REQUEST=pushed["request_uri"]))
    exchange = blocks("oauth-step-by-step")[1].replace(
        '-u "$CLIENT:$SECRET"',
        "-d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        ' -d client_assertion="$(assertion)"',
    )
    assert terminal.ask(exchange, CODE=said["code"])["scope"] == "openid orders:read"

    terminal.type(proof)
    granted = terminal.ask(bound)
    assert granted["token_type"] == "DPoP"
    listed = terminal.ask(call, TOKEN=granted["access_token"])
    assert listed["object"] == "list"
    bearer = box.call("/commerce/v1/orders?limit=1", key=granted["access_token"])
    assert (bearer.status_code, bearer.json()["code"]) == (401, "dpop_required")


def test_a_program_registers_a_client_changes_and_deletes_it(terminal: Terminal, box: Box) -> None:
    register, read, change, delete = blocks("registering-clients")
    entry = terminal.ask(register, INITIAL=make(box)[2])
    kept = {"ENTRY": entry["registration_client_uri"], "ACCESS": entry["registration_access_token"]}
    assert terminal.ask(read, **kept)["client_name"] == "Nightly export"
    changed = terminal.ask(change)
    assert len(changed["redirect_uris"]) == len(entry["redirect_uris"]) + 1
    assert changed["grant_types"] == ["authorization_code"]
    assert terminal.type(delete) == ""
    assert terminal.ask(read)["error"] == "invalid_token"
    assert terminal.ask(register)["error"] == "invalid_token"
