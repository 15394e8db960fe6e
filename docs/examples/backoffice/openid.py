"""A client of OpenID Connect: sign-in with PKCE, tokens that renew themselves, sign-out.

Written out so that it can be read: a program of yours may use a library instead, and needs no more
than the issuer's address to find everything else.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, quote, urlencode
from urllib.request import Request, urlopen

from jwcrypto.common import JWException
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

SCOPE = "openid profile email offline_access orders:read payments:read payments:write"
EARLY = 30  # seconds before its end in which a token is renewed


class Problem(Exception):  # noqa: N818 - named as in RFC 9457
    """What the platform refused, in its own words: a problem document, or an OAuth error."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        """Both kinds of document say in words what is wrong, under different names."""
        self.status, self.document = status, document
        self.code = str(document.get("code") or document.get("error") or status)
        self.detail = str(document.get("detail") or document.get("error_description") or "")
        super().__init__(f"{self.code}: {self.detail}")


@dataclass
class Session:
    """What this server keeps for one browser. The browser itself holds a random name only."""

    pending: dict[str, str] = field(default_factory=dict)  # a sign-in that has not come back yet
    tokens: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    form_token: str = field(default_factory=secrets.token_urlsafe)
    notice: str = ""
    problem: Problem | None = None


class Provider:
    """The platform, as an authorization server and as an API."""

    def __init__(
        self, *, issuer: str, api: str, client_id: str, client_secret: str, home: str
    ) -> None:
        """``home`` is where this program itself is found."""
        self.issuer, self.api, self.home = issuer, api, home
        self.client_id, self.client_secret = client_id, client_secret
        self.known = fetch(f"{issuer}/.well-known/openid-configuration")

    def sign_in(self, session: Session) -> str:
        """Return the address to which the browser goes to sign in and to agree."""
        verifier = secrets.token_urlsafe(48)
        session.pending = {
            "verifier": verifier,
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
        }
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": f"{self.home}/callback",
            "scope": SCOPE,
            "state": session.pending["state"],
            "nonce": session.pending["nonce"],
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.known['authorization_endpoint']}?{urlencode(query)}"

    def come_back(self, session: Session, query: str) -> None:
        """Take the answer that the browser brings, and exchange its code for tokens."""
        answer = {name: values[0] for name, values in parse_qs(query).items()}
        pending, session.pending = session.pending, {}
        if not pending or not secrets.compare_digest(answer.get("state", ""), pending["state"]):
            raise Problem(400, {"error": "state", "error_description": "Please sign in again."})
        if answer.get("iss") != self.issuer:  # RFC 9207: the answer is this issuer's
            raise Problem(400, {"error": "issuer", "error_description": "Somebody else answered."})
        if "error" in answer:
            raise Problem(400, answer)
        self._take(
            session,
            grant_type="authorization_code",
            code=answer.get("code", ""),
            redirect_uri=f"{self.home}/callback",
            code_verifier=pending["verifier"],
        )
        session.person = self._believe(session.tokens["id_token"], pending["nonce"])
        headers = {"Authorization": f"Bearer {session.tokens['access_token']}"}
        session.person |= fetch(self.known["userinfo_endpoint"], headers=headers)

    def call(
        self, session: Session, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call the API for the person who signed in; an old access token is renewed before."""
        if time.time() > session.tokens["ends"] - EARLY:
            renewing = session.tokens["refresh_token"]
            self._take(session, grant_type="refresh_token", refresh_token=renewing)
        headers = {"Authorization": f"Bearer {session.tokens['access_token']}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers |= {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex()}
        return fetch(f"{self.api}{path}", method=method, headers=headers, data=data)

    def sign_out(self, session: Session) -> str:
        """End the tokens, and return the address at which the browser signs out there too."""
        ending = {"token": session.tokens.get("refresh_token", "")}
        self._post(self.known["revocation_endpoint"], ending)
        query = {
            "id_token_hint": session.tokens.get("id_token", ""),
            "post_logout_redirect_uri": f"{self.home}/goodbye",
        }
        return f"{self.known['end_session_endpoint']}?{urlencode(query)}"

    def _take(self, session: Session, **grant: str) -> None:
        given = self._post(self.known["token_endpoint"], grant)
        # A renewed answer may leave out what has not changed.
        session.tokens = session.tokens | given | {"ends": time.time() + given["expires_in"]}

    def _post(self, url: str, fields: dict[str, str]) -> dict[str, Any]:
        pair = f"{quote(self.client_id)}:{quote(self.client_secret)}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return fetch(url, method="POST", headers=headers, data=urlencode(fields).encode())

    def _believe(self, id_token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that the issuer signed for us, for this sign-in."""
        keys = JWKSet.from_json(json.dumps(fetch(self.known["jwks_uri"])))
        wanted = {"iss": self.issuer, "aud": self.client_id, "nonce": nonce, "exp": None}
        try:
            token = JWT(jwt=id_token, key=keys, algs=["RS256"], check_claims=wanted)
        except (JWException, ValueError) as error:
            raise Problem(400, {"error": "id_token", "error_description": str(error)}) from error
        claims: dict[str, Any] = json.loads(token.claims)
        return claims


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    data: bytes | None = None,
) -> dict[str, Any]:
    """Return the JSON that ``url`` answers with; whatever is refused is a ``Problem``."""
    asked = Request(url, method=method, headers=headers or {}, data=data)  # noqa: S310 - from our settings
    try:
        with urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
            text = answer.read()
    except HTTPError as refused:
        with refused:
            raise Problem(refused.code, _document(refused.read())) from None
    except OSError as error:
        down = {"code": "unreachable", "detail": f"{url} does not answer: {error}"}
        raise Problem(503, down) from error
    return _document(text)


def _document(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text or b"{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
