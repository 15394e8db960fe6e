"""An end user lets an application act for them, in a real browser with its real policy."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from apps.oauth.authorization import challenge_of
from tests.journeys.box import Box
from tests.support.screenshots import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-section-4.1"
SCOPES = "openid orders:read orders:write"
MAKE = """
from apps.applications.models import Application
from apps.oauth import client_secrets, clients
application = Application.objects.get(name="Order sync")
client = clients.create(application, name="Ledger", actor=None, redirect_uris=[{callback!r}])
print(client.client_id, client_secrets.add_secret(client, actor=None)[1])
"""


class Application:
    """A client's own web server: it keeps what arrives at its redirect URI."""

    def __init__(self) -> None:
        self.arrived: Queue[dict[str, str]] = Queue()
        arrived = self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith("/callback"):
                    arrived.put(dict(parse_qsl(urlsplit(self.path).query)))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<title>Ledger</title><link rel=icon href=data:,>Welcome back")

            def log_message(self, *args: object) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/callback"

    def answer(self) -> dict[str, str]:
        try:
            return self.arrived.get(timeout=10)
        except Empty:
            raise AssertionError("Nothing arrived at the client.") from None


@pytest.fixture
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.server.shutdown()
    made.server.server_close()


def fill_in(page: Page, box: Box) -> None:
    page.get_by_label("E-mail address").fill(box.facts["developer_email"])
    page.get_by_label("Password").fill(box.facts["developer_password"])
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_person_signs_in_allows_and_the_client_calls_in_their_name(
    page: Page, chromium: Browser, box: Box, application: Application
) -> None:
    client_id, secret = box.python(MAKE.format(callback=application.callback)).split()
    asked = {
        "client_id": client_id,
        "redirect_uri": application.callback,
        "response_type": "code",
        "scope": SCOPES,
        "state": "s1",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    address = f"{box.portal}/oauth/authorize?{urlencode(asked)}"
    page.goto(address)
    fill_in(page, box)
    expect(page.get_by_role("heading", name="Let Order sync act for you?")).to_be_visible()
    expect(page.get_by_text("orders:write")).to_be_visible()
    expect(page.get_by_text(box.facts["developer_email"])).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Allow").click()  # Chromium follows: form-action names it
    expect(page.get_by_text("Welcome back")).to_be_visible()
    said = application.answer()
    assert (said["state"], said["iss"]) == ("s1", box.portal)

    tokens = httpx.post(
        f"{box.portal}/oauth/token",
        data={
            "grant_type": "authorization_code",
            "code": said["code"],
            "redirect_uri": application.callback,
            "code_verifier": VERIFIER,
        },
        auth=(client_id, secret),
    )
    assert tokens.status_code == 200, tokens.text
    token = tokens.json()["access_token"]
    called = box.call("/commerce/v1/orders?limit=1", key=token)
    assert called.status_code == 200, called.text
    assert called.json()["data"]

    # The answer stands, and a sign-in form leads to the client although its policy names nobody.
    second = chromium.new_context().new_page()
    second.goto(address.replace("state=s1", "state=s2"))
    fill_in(second, box)
    expect(second.get_by_text("Welcome back")).to_be_visible()
    assert application.answer()["state"] == "s2"
    second.context.close()

    for path in ("", "/consent", "/delete"):
        page.goto(f"{box.portal}/oauth-clients/{client_id}{path}")
        assert violations(page) == [], path
    page.goto(f"{box.portal}/connections")
    assert violations(page) == []
    expect(page.get_by_text("Order sync", exact=True)).to_be_visible()
    page.get_by_role("link", name="Disconnect Order sync").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Order sync is disconnected.")).to_be_visible()
    refused = box.call("/commerce/v1/orders?limit=1", key=token)
    assert refused.status_code == 401
    page.goto(address)
    expect(page.get_by_role("heading", name="Let Order sync act for you?")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Welcome back")).to_be_visible()
    assert application.answer()["error"] == "access_denied"
