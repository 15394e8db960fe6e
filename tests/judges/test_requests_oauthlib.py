"""PyPI's requests-oauthlib passes every flow that it supports, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from oauthlib.oauth2 import AccessDeniedError, BackendApplicationClient, DeviceClient
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.judges.conftest import Trial, someone
from tests.support.person import Person

pytestmark = pytest.mark.timeout(90)
SCOPE = ["openid", "profile", "email", "offline_access", "orders:read"]
Facts = dict[str, Any]


@pytest.fixture(autouse=True)
def _loopback_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def facts(cast: dict[str, Facts]) -> Facts:
    return cast["requests-oauthlib"]


@pytest.fixture
def person(facts: Facts) -> Iterator[Person]:
    with someone(facts) as found:
        yield found


def session(facts: Facts, kind: str, **options: Any) -> OAuth2Session:
    known = facts["clients"][kind]
    callback = facts["callback"]
    return OAuth2Session(
        known["client_id"], redirect_uri=callback, scope=SCOPE, pkce="S256", **options
    )


def proof(facts: Facts, kind: str) -> dict[str, Any]:
    """Return how a client of the cast proves itself at the token endpoint."""
    known = facts["clients"][kind]
    if kind == "none":
        return {"include_client_id": True}
    secret = known["client_secret"]
    if kind == "post":
        return {"include_client_id": True, "client_secret": secret}
    return {"auth": HTTPBasicAuth(known["client_id"], secret)}


def authorize(of: OAuth2Session, facts: Facts, kind: str, server: Facts, person: Person) -> Facts:
    url, _ = of.authorization_url(server["authorization_endpoint"])
    token: Facts = of.fetch_token(
        server["token_endpoint"],
        authorization_response=person.visit(url).url,
        **proof(facts, kind),
    )
    return token


def test_requests_oauthlib_passes(facts: Facts, person: Person) -> None:
    trial = Trial("requests-oauthlib")
    metadata = f"{facts['issuer']}/.well-known/oauth-authorization-server"
    server = requests.get(metadata, timeout=9).json()
    orders = f"{facts['api']}/commerce/v1/orders"
    for kind in ("basic", "post", "none"):
        with trial.check(f"code and PKCE, {kind}"):
            party = session(facts, kind)
            assert authorize(party, facts, kind, server, person)["token_type"] == "Bearer"
            assert party.get(orders).status_code == 200
    basic = session(facts, "basic")
    authorize(basic, facts, "basic", server, person)
    with trial.check("userinfo"):
        assert basic.get(server["userinfo_endpoint"]).json()["email"] == facts["email"]
    with trial.check("refresh, rotated"):
        first = basic.token["refresh_token"]
        second = basic.refresh_token(server["token_endpoint"], **proof(facts, "basic"))
        assert second["refresh_token"] != first
        assert basic.get(orders).status_code == 200
        with pytest.raises(InvalidGrantError):
            basic.refresh_token(server["token_endpoint"], first, **proof(facts, "basic"))
    with trial.check("access_denied"):
        party = session(facts, "basic")
        url, _ = party.authorization_url(server["authorization_endpoint"], prompt="consent")
        with pytest.raises(AccessDeniedError):
            party.fetch_token(
                server["token_endpoint"],
                authorization_response=person.visit(url, allow=False).url,
                **proof(facts, "basic"),
            )
    with trial.check("client credentials"):
        known = facts["clients"]["basic"]
        own = OAuth2Session(client=BackendApplicationClient(known["client_id"]))
        own.fetch_token(server["token_endpoint"], scope=["orders:read"], **proof(facts, "basic"))
        assert own.get(orders).status_code == 200
    with trial.check("device flow"):
        known = facts["clients"]["none"]
        fields = {"client_id": known["client_id"], "scope": " ".join(SCOPE)}
        begun = requests.post(server["device_authorization_endpoint"], fields, timeout=9).json()
        assert person.visit(begun["verification_uri_complete"]).pages[-1:] == ["consent"]
        device = OAuth2Session(client=DeviceClient(known["client_id"], scope=SCOPE))
        device.fetch_token(
            server["token_endpoint"],
            device_code=begun["device_code"],
            include_client_id=True,
        )
        assert device.get(orders).status_code == 200
    trial.ends(at_least=8)
