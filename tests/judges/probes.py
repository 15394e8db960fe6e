"""What goes wrong with django-oauth-toolkit as it comes, each asked over HTTP as a stranger would.

A probe answers True where the defect is there. The same probes ask both servers.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.support.person import Person, Visit

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid orders:read"
SOON = 2.0  # seconds in which a revocation is seen everywhere
GUESSES = 12
Probe = Callable[["Server"], bool]


@dataclass
class Server:
    """An authorization server, an API behind it, and who is there."""

    endpoints: dict[str, str]
    orders: str  # a resource that any access token opens
    clients: dict[str, dict[str, str]]
    judy: Person
    victim: Person
    disable: Callable[[Person], None]
    let_devices_expire: Callable[[], None]

    def post(self, endpoint: str, client: str, fields: dict[str, str]) -> httpx.Response:
        """Post a form as one of the clients, with its secret if it has one."""
        known = self.clients[client]
        data, auth = {"client_id": known["client_id"], **fields}, None
        if known.get("client_secret"):
            auth = (known["client_id"], known["client_secret"])
            del data["client_id"]
        return httpx.post(self.endpoints[endpoint], data=data, auth=auth, timeout=20)

    def authorize(
        self,
        client: str = "code",
        *,
        person: Person | None = None,
        allow: bool = True,
        **asked: str,
    ) -> tuple[Visit, str]:
        """Send a person through sign-in and consent; return the way, and the PKCE verifier."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        known = self.clients[client]
        query = {
            "response_type": "code",
            "client_id": known["client_id"],
            "redirect_uri": known["callback"],
            "scope": SCOPE,
            "nonce": secrets.token_urlsafe(8),
            "state": "kept",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **asked,
        }
        url = f"{self.endpoints['authorization_endpoint']}?{urlencode(query)}"
        return (person or self.judy).visit(url, allow=allow), verifier

    def redeem(self, way: Visit, verifier: str, client: str = "code") -> httpx.Response:
        """Exchange the code that a person came back with."""
        fields = {
            "grant_type": "authorization_code",
            "code": said(way).get("code", ""),
            "redirect_uri": self.clients[client]["callback"],
            "code_verifier": verifier,
        }
        return self.post("token_endpoint", client, fields)

    def tokens(self, **options: Any) -> dict[str, Any]:
        """Return what a person's consent gives the client."""
        answer = self.redeem(*self.authorize(**options))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def opens(self, token: str) -> bool:
        """Tell whether ``token`` opens the API as a bearer."""
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(self.orders, headers=headers, timeout=20).status_code == 200

    def still_opens(self, token: str) -> bool:
        """Tell whether ``token`` opens the API once everybody had time to learn of its end."""
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            if not self.opens(token):
                return False
            time.sleep(0.1)
        return True

    def begin_device(self) -> dict[str, str]:
        """Return the codes of a device that a person allowed."""
        begun = self.post("device_authorization_endpoint", "device", {"scope": SCOPE})
        assert begun.status_code == 200, begun.text
        found: dict[str, str] = begun.json()
        return found

    def allowed_device(self) -> str:
        """Return the code of a device that a person allowed."""
        begun = self.begin_device()
        self.judy.visit(f"{self.endpoints['device']}?user_code={begun['user_code']}")
        return begun["device_code"]

    def poll(self, device_code: str, client: str = "device") -> httpx.Response:
        """Ask for a device's tokens."""
        fields = {"grant_type": DEVICE_GRANT, "device_code": device_code}
        return self.post("token_endpoint", client, fields)


def said(way: Visit) -> dict[str, str]:
    """Return what the browser brought back."""
    return {name: values[0] for name, values in parse_qs(urlsplit(way.url).query).items()}


def payload(token: str) -> dict[str, Any]:
    """Return the claims of a token, believed unseen."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def device_code_of_another_client(server: Server) -> bool:
    return server.poll(server.allowed_device(), "other device").status_code == 200


def device_code_again(server: Server) -> bool:
    code = server.allowed_device()
    assert server.poll(code).status_code == 200
    return server.poll(code).status_code == 200


def device_code_after_thirty_days(server: Server) -> bool:
    code = server.allowed_device()
    server.let_devices_expire()
    return server.poll(code).status_code == 200


def id_token_as_bearer(server: Server) -> bool:
    return server.opens(server.tokens()["id_token"])


def id_token_after_revocation(server: Server) -> bool:
    given = server.tokens()
    ending = {"token": given["access_token"]}
    assert server.post("revocation_endpoint", "code", ending).status_code == 200
    assert not server.still_opens(given["access_token"])
    return server.opens(given["id_token"])


def tokens_of_a_disabled_person(server: Server) -> bool:
    given = server.tokens(person=server.victim)
    server.disable(server.victim)
    renewing = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    opens = server.still_opens(given["access_token"])
    return opens and server.post("token_endpoint", "code", renewing).status_code == 200


def tokens_of_a_replayed_code(server: Server) -> bool:
    way, verifier = server.authorize()
    first = server.redeem(way, verifier)
    assert first.status_code == 200, first.text
    assert server.redeem(way, verifier).status_code == 400
    return server.still_opens(first.json()["access_token"])


def nonsense_as_bearer_is_500(server: Server) -> bool:
    headers = {"Authorization": "Bearer eyJ.a.b"}
    return httpx.get(server.orders, headers=headers, timeout=20).status_code == 500


def silent_sign_in_is_500(server: Server) -> bool:
    server.tokens()
    return server.authorize(prompt="none")[0].status == 500


def unknown_client_at_logout_is_500(server: Server) -> bool:
    url = f"{server.endpoints['end_session_endpoint']}?client_id=nobody"
    return server.judy.browser.get(url).status_code == 500


def missing_device_code_is_500(server: Server) -> bool:
    answer = server.post("token_endpoint", "device", {"grant_type": DEVICE_GRANT})
    return answer.status_code == 500


def refusal_without_iss(server: Server) -> bool:
    found = said(server.authorize(allow=False, prompt="consent")[0])
    assert found["error"] == "access_denied"
    return "iss" not in found


def registration_without_expiry(server: Server) -> bool:
    return "client_secret_expires_at" not in _registered(server)


def discovery_without_endpoints(server: Server) -> bool:
    known = httpx.get(server.endpoints["discovery"], timeout=20).json()
    kinds = ("introspection", "revocation", "device_authorization", "registration")
    missing = [kind for kind in kinds if f"{kind}_endpoint" not in known]
    assert missing in ([], list(kinds)), missing
    return bool(missing)


def public_client_credentials(server: Server) -> bool:
    fields = {"grant_type": "client_credentials", "scope": "orders:read"}
    return server.post("token_endpoint", "public", fields).status_code == 200


def registration_token_as_bearer(server: Server) -> bool:
    return server.opens(_registered(server)["registration_access_token"])


def introspection_of_anothers_token(server: Server) -> bool:
    token = {"token": server.tokens()["access_token"]}
    mine = server.post("introspection_endpoint", "code", token)
    assert mine.json()["active"] is True, mine.text
    return server.post("introspection_endpoint", "other", token).json()["active"] is True


def no_slow_down(server: Server) -> bool:
    code = server.begin_device()["device_code"]
    errors = [server.poll(code).json()["error"] for _ in range(3)]
    assert errors[0] == "authorization_pending"
    return "slow_down" not in errors


def query_skips_consent(server: Server) -> bool:
    first, _ = server.authorize("native", scope="orders:read")
    assert "consent" in first.pages
    if "code" in said(first):
        server.redeem(first, _, "native")
    again, _ = server.authorize("native", scope="orders:read", approval_prompt="auto")
    return "consent" not in again.pages


def max_age_is_ignored(server: Server) -> bool:
    server.tokens()
    return {"sign in", "prove"}.isdisjoint(server.authorize(max_age="0")[0].pages)


def prompt_consent_is_ignored(server: Server) -> bool:
    server.tokens()
    way, _ = server.authorize(prompt="consent", approval_prompt="auto")
    return "consent" not in way.pages


def claims_are_ignored(server: Server) -> bool:
    asked = json.dumps({"id_token": {"email": None}})
    return "email" not in payload(server.tokens(claims=asked)["id_token"])


def user_codes_may_be_guessed(server: Server) -> bool:
    """Asked last: who guesses has to wait, and so do all at this address."""
    answers = [
        server.judy.visit(f"{server.endpoints['device']}?user_code=BBBB-{guess:04}").status
        for guess in range(GUESSES)
    ]
    return 429 not in answers


def _registered(server: Server) -> dict[str, Any]:
    asked = {
        "client_name": "Registered",
        "redirect_uris": ["https://judge.example/callback"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    server.tokens()  # a person who is signed in registers
    answer = server.judy.browser.post(server.endpoints["registration_endpoint"], json=asked)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


PROBES: list[Probe] = [
    device_code_of_another_client,
    device_code_again,
    device_code_after_thirty_days,
    id_token_as_bearer,
    id_token_after_revocation,
    tokens_of_a_replayed_code,
    nonsense_as_bearer_is_500,
    silent_sign_in_is_500,
    unknown_client_at_logout_is_500,
    missing_device_code_is_500,
    refusal_without_iss,
    registration_without_expiry,
    discovery_without_endpoints,
    public_client_credentials,
    registration_token_as_bearer,
    introspection_of_anothers_token,
    no_slow_down,
    query_skips_consent,
    max_age_is_ignored,
    prompt_consent_is_ignored,
    claims_are_ignored,
    tokens_of_a_disabled_person,
    user_codes_may_be_guessed,
]
