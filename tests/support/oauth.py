"""Clients of the authorization server, as strangers write them: forms, codes and proofs."""

import json
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from django.conf import settings
from django.test import Client as Browser
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from time_machine import TimeMachineFixture

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock, dpop
from apps.oauth import authorization, client_secrets, devices
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.tenants.models import Tenant
from tests.support import make, oidc

VERIFIER = "the-verifier-that-only-the-honest-client-knows"
CALLBACK = "https://shop.example/callback"
FORM = "application/x-www-form-urlencoded"
EVERY_GRANT = [*GrantType.values]


def later(traveller: TimeMachineFixture, seconds: float) -> None:
    """Let the clock run on from ``seconds`` later."""
    traveller.move_to(clock.real() + timedelta(seconds=seconds))


@dataclass
class Answer:
    """What an endpoint said."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def error(self) -> str:
        """Return the error's name."""
        return str(self.body.get("error", ""))

    @property
    def said(self) -> str:
        """Return the error in words."""
        return str(self.body.get("error_description", ""))


def post(path: str, fields: dict[str, Any] | Iterable[tuple[str, str]], **headers: str) -> Answer:
    """Post a form to an endpoint; ``headers`` are named with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    pairs = fields.items() if isinstance(fields, dict) else fields
    body = urlencode(list(pairs), doseq=True)
    answer = Browser().post(f"/oauth/{path}", body, content_type=FORM, headers=named)
    text = answer.content
    return Answer(answer.status_code, json.loads(text) if text else {}, answer.headers)


@dataclass
class Party:
    """A client with what it proves itself with."""

    client: Client
    secret: str = ""

    @property
    def basic(self) -> str:
        """Return its Authorization header."""
        pair = f"{quote(self.client.client_id)}:{quote(self.secret)}"
        return f"Basic {b64encode(pair.encode()).decode()}"

    def fields(self, **more: Any) -> dict[str, Any]:
        """Return a form in which the client proves itself."""
        own = {"client_id": self.client.client_id}
        return own | ({"client_secret": self.secret} if self.secret else {}) | more

    def token(
        self, grant_type: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        """Ask the token endpoint."""
        return post("token", self.fields(grant_type=grant_type, **more), **(headers or {}))

    def redeem(self, code: str, /, **more: Any) -> Answer:
        """Exchange a code, honestly unless ``more`` says otherwise."""
        fields = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER} | more
        return self.token("authorization_code", **fields)

    def refresh(self, token: str, /, **more: Any) -> Answer:
        """Exchange a refresh token."""
        return self.token("refresh_token", refresh_token=token, **more)


def confidential(of: Application | None = None, **fields: Any) -> Party:
    """Make a client with a secret; every grant is open to it."""
    fields = {"grant_types": EVERY_GRANT, **fields}
    client = oidc.client(of, **fields)
    return Party(client, client_secrets.add_secret(client, actor=None)[1])


def public(of: Application | None = None, **fields: Any) -> Party:
    """Make a client that can keep no secret."""
    fields = {
        "client_type": Client.CLIENT_PUBLIC,
        "authentication": Client.Auth.NONE,
        "grant_types": EVERY_GRANT,
        **fields,
    }
    return Party(oidc.client(of, **fields))


@dataclass
class Merchant:
    """An end user and the tenant in which clients may act for them."""

    user: User
    tenant: Tenant


def merchant(*, live: bool = False) -> Merchant:
    """Make an end user with a shop of their own."""
    user = make.user()
    shop = make.organization(user)
    return Merchant(user, make.live(shop) if live else make.sandbox(shop))


def code(
    party: Party,
    by: Merchant | None = None,
    *,
    scope: str = "openid orders:read",
    answered_by: User | None = None,
    **more: Any,
) -> str:
    """Return a code, as the consent page hands it out."""
    make.scopes(*(name for name in scope.split() if ":" in name))
    end_user = by or merchant()
    request = authorization.AuthorizationRequest(
        client=party.client,
        redirect_uri=CALLBACK,
        scopes=tuple(scope.split()),
        code_challenge=authorization.challenge_of(VERIFIER),
        **more,
    )
    return authorization.issue_code(
        request,
        user=end_user.user,
        tenant=end_user.tenant,
        scopes=scope.split(),
        auth_time=clock.real(),
        sid="session",
        answered_by=answered_by,
    )


def device_code(party: Party, by: Merchant | None = None, *, scope: str = "openid") -> str:
    """Return the device code of a device that an end user allowed."""
    end_user = by or merchant()
    begun = post("device_authorization", party.fields(scope=scope))
    waiting = devices.find(begun.body["user_code"], user=end_user.user, address="192.0.2.1")
    devices.allow(
        waiting,
        tenant=end_user.tenant,
        scopes=scope.split(),
        auth_time=clock.real(),
        sid="session",
        actor=end_user.user,
    )
    return str(begun.body["device_code"])


@dataclass
class Prover:
    """A DPoP key, and the proofs it makes."""

    key: JWK = field(default_factory=lambda: JWK.generate(kty="EC", crv="P-256"))
    algorithm: str = "ES256"

    @property
    def jkt(self) -> str:
        """Return the key's thumbprint."""
        return str(self.key.thumbprint())

    def proof(
        self, path: str = "/oauth/token", *, header: dict[str, Any] | None = None, **more: Any
    ) -> str:
        """Return a proof for one request; ``more`` changes its claims, None leaves one out."""
        claims = {
            "htm": "POST",
            "htu": f"{settings.PORTAL_URL}{path}",
            "iat": int(time.time()),
            "jti": str(uuid4()),
            "nonce": None,
            **more,
        }
        if token := claims.pop("access_token", None):
            claims["ath"] = dpop.hash_of(str(token))
        signed = JWS(
            json.dumps({name: value for name, value in claims.items() if value is not None})
        )
        protected = {
            "typ": "dpop+jwt",
            "alg": self.algorithm,
            "jwk": self.key.export_public(as_dict=True),
            **(header or {}),
        }
        signed.add_signature(self.key, None, json.dumps(protected))
        return str(signed.serialize(compact=True))
