"""Make clients, tokens and proofs for a measurement; prints them as JSON."""

import json
import os
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import django
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from apps.accounts.models import User  # noqa: E402 - after setup()
from apps.catalog.models import Scope  # noqa: E402 - after setup()
from apps.core import clock, dpop, secrets  # noqa: E402 - as above
from apps.keys import services as keys  # noqa: E402 - as above
from apps.oauth import client_secrets, jwt_tokens  # noqa: E402 - as above
from apps.oauth.models import AccessToken, Client  # noqa: E402 - as above
from apps.onboarding import services as onboarding  # noqa: E402 - as above
from apps.plans import services as plans  # noqa: E402 - as above

WIDE = [{"name": "burst", "kind": "rate", "scope": "application", "limit": 10**6, "window": 1}]
COLD = 1_000  # tokens that are looked up once each
PROOFS = 500


def main() -> None:
    """Print what a measurement needs."""
    user = User.objects.create_user(email=f"{uuid4().hex}@example.com", password=uuid4().hex)
    made = onboarding.welcome(user)
    assert made is not None  # noqa: S101 - the user is new
    version = plans.publish("benchmark", name="Benchmark", limits=WIDE)
    plans.subscribe(made.application, version=version, actor=None)
    scopes = list(Scope.objects.values_list("name", flat=True))
    client = Client.objects.create(
        name="Benchmark",
        application=made.application,
        client_type=Client.CLIENT_CONFIDENTIAL,
        grant_types=["client_credentials"],
    )
    _, secret = client_secrets.add_secret(client, actor=user)
    key = keys.issue(made.application, tenant=made.sandbox, name="K", scopes=scopes, actor=user)
    ends = clock.real() + timedelta(hours=1)
    common: dict[str, Any] = {"application": client, "tenant": made.sandbox, "user": user}
    common |= {"expires": ends, "scope": " ".join(scopes)}
    opaque = [secrets.mint("test", kind="a") for _ in range(COLD)]
    jwts = [
        jwt_tokens.access_token(
            client=client, user=user, tenant=made.sandbox, scopes=scopes, audience=[], expires=ends
        )
        for _ in range(COLD // 5)
    ]
    for text in [*opaque, *jwts]:
        AccessToken.objects.create(token=text, **common)
    told = {"client": client.client_id, "secret": secret, "key": key.secret, "scopes": scopes}
    print(json.dumps(told | {"opaque": opaque, "jwts": jwts, **proofs(opaque[0])}))


def proofs(token: str) -> dict[str, Any]:
    """Return proofs for one request with a token; they say no nonce, which is checked later."""
    key = JWK.generate(kty="EC", crv="P-256")
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.export_public(as_dict=True)}
    made = []
    for _ in range(PROOFS):
        claims: dict[str, Any] = {"jti": uuid4().hex, "htm": "GET", "htu": "http://api.test/a"}
        claims |= {"iat": int(time.time()), "ath": dpop.hash_of(token)}
        proof = JWS(json.dumps(claims))
        proof.add_signature(key, alg="ES256", protected=json.dumps(header))
        made.append(proof.serialize(compact=True))
    return {"proofs": made, "thumbprint": key.thumbprint()}


main()
