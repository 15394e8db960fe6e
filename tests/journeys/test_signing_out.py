"""A client registers itself, signs a person in, and everybody hears when they sign out."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from apps.oauth.authorization import challenge_of
from tests.journeys.box import Box
from tests.support import oidc

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-section-4.1"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
INITIAL = """
from datetime import timedelta
from apps.applications.models import Application
from apps.core import clock
from apps.oauth import registration
application = Application.objects.get(name="Order sync")
print(registration.issue_initial_token(
    application, expires_at=clock.real() + timedelta(hours=1), actor=application.created_by
)[1])
"""


class Relying:
    """A client's own web server."""

    def __init__(self) -> None:
        self.came: Queue[dict[str, str]] = Queue()
        self.told: Queue[str] = Queue()
        came, told = self.came, self.told

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.startswith(("/callback", "/bye")):
                    came.put(dict(parse_qsl(urlsplit(self.path).query)))
                self._say(b"<title>Ledger</title><link rel=icon href=data:,>At the client")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                told.put(dict(parse_qsl(body))["logout_token"])
                self._say(b"")

            def _say(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def relying() -> Iterator[Relying]:
    made = Relying()
    yield made
    made.server.shutdown()
    made.server.server_close()


def register(known: dict[str, Any], initial: str, url: str) -> dict[str, Any]:
    wanted = {
        "client_name": "Ledger",
        "redirect_uris": [f"{url}/callback"],
        "post_logout_redirect_uris": [f"{url}/bye"],
        "backchannel_logout_uri": f"{url}/logout",
        "id_token_signed_response_alg": "ES256",
    }
    bearer = {"Authorization": f"Bearer {initial}"}
    answer = httpx.post(known["registration_endpoint"], json=wanted, headers=bearer)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def redeem(known: dict[str, Any], made: dict[str, Any], code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": made["redirect_uris"][0],
        "code_verifier": VERIFIER,
    }
    proved = (made["client_id"], made["client_secret"])
    answer = httpx.post(known["token_endpoint"], data=form, auth=proved)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_client_signs_a_person_in_and_hears_of_their_end(
    page: Page, box: Box, relying: Relying
) -> None:
    known = httpx.get(f"{box.portal}/.well-known/openid-configuration").json()
    made = register(known, box.python(INITIAL), relying.url)
    asked = {
        "client_id": made["client_id"],
        "redirect_uri": made["redirect_uris"][0],
        "response_type": "code",
        "scope": "openid email",
        "nonce": "n1",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    page.goto(f"{known['authorization_endpoint']}?{urlencode(asked)}")
    page.locator("[name=login]").fill(box.facts["developer_email"])
    page.locator("[name=password]").fill(box.facts["developer_password"])
    page.locator("[name=password]").press("Enter")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("At the client")).to_be_visible()
    tokens = redeem(known, made, relying.came.get(timeout=10)["code"])

    keys = httpx.get(known["jwks_uri"]).json()
    who = oidc.verified(tokens["id_token"], keys)
    assert (who["aud"], who["nonce"], who["amr"]) == (made["client_id"], "n1", ["pwd"])
    told = httpx.get(
        known["userinfo_endpoint"], headers={"Authorization": f"Bearer {tokens['access_token']}"}
    ).json()
    assert told == {
        "sub": who["sub"],
        "email": box.facts["developer_email"],
        "email_verified": True,
    }

    leaving = {
        "client_id": made["client_id"],
        "post_logout_redirect_uri": made["post_logout_redirect_uris"][0],
        "state": "s1",
    }
    page.goto(f"{known['end_session_endpoint']}?{urlencode(leaving)}")
    expect(page.get_by_text("Order sync asks to end your session here.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()  # Chromium follows: form-action names it
    expect(page.get_by_text("At the client")).to_be_visible()
    assert relying.came.get(timeout=10) == {"state": "s1"}
    notice = oidc.verified(relying.told.get(timeout=10), keys)  # A worker sends it.
    assert (notice["sid"], notice["sub"]) == (who["sid"], who["sub"])
    assert notice["events"] == {EVENT: {}}
    page.goto(f"{box.portal}/overview")
    expect(page.locator("[name=password]")).to_be_visible()
