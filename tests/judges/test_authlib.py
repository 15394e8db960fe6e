"""PyPI's authlib passes every flow that it supports, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.django_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from authlib.oidc.discovery import OpenIDProviderMetadata
from django.test import RequestFactory
from joserfc.jwk import ECKey, KeySet

from tests.judges.conftest import Trial, someone
from tests.support.person import Person

# joserfc prefers the name Ed25519; OpenID Connect's discovery says EdDSA, which all clients know.
pytestmark = [pytest.mark.timeout(90), pytest.mark.filterwarnings("ignore:EdDSA is deprecated")]
SCOPE = "openid profile email offline_access orders:read"
Facts = dict[str, Any]


@pytest.fixture(autouse=True)
def _loopback_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


class Party:
    """A client of the cast, in authlib's hands."""

    def __init__(self, facts: Facts, kind: str, server: Facts) -> None:
        self.facts, self.kind, self.server = facts, kind, server
        known = facts["clients"][kind]
        method: Any = {"post": "client_secret_post", "none": "none"}.get(
            kind, "client_secret_basic"
        )
        secret = known.get("client_secret")
        if kind == "jwt":
            method = PrivateKeyJWT(server["issuer"], headers={"kid": "judge"}, alg="ES256")
            secret = ECKey.import_key(known["key"])
        self.session = OAuth2Session(
            known["client_id"],
            secret,
            scope=SCOPE,
            redirect_uri=facts["callback"],
            token_endpoint=server["token_endpoint"],
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            code_challenge_method="S256",
        )

    def authorize(self, person: Person, **asked: Any) -> Facts:
        """Go all the way to tokens."""
        verifier = generate_token(48)
        url, state = self.session.create_authorization_url(
            self.server["authorization_endpoint"], code_verifier=verifier, **asked
        )
        back = person.visit(url).url
        token: Facts = self.session.fetch_token(
            authorization_response=back, state=state, code_verifier=verifier
        )
        return token

    def orders(self) -> requests.Response:
        """Call the API with the token that the session holds."""
        answer: requests.Response = self.session.get(f"{self.facts['api']}/commerce/v1/orders")
        return answer


class Validator(JWTBearerTokenValidator):  # type: ignore[misc]  # Authlib has no types
    """A resource server that trusts signatures alone."""

    def __init__(self, server: Facts, audience: str) -> None:
        super().__init__(issuer=server["issuer"], resource_server=audience)
        self.keys = requests.get(server["jwks_uri"], timeout=9).json()

    def get_jwks(self) -> Any:
        return KeySet.import_key_set(self.keys)


@pytest.fixture
def facts(cast: dict[str, Facts]) -> Facts:
    return cast["authlib"]


@pytest.fixture
def person(facts: Facts) -> Iterator[Person]:
    with someone(facts) as found:
        yield found


def test_authlib_passes(facts: Facts, person: Person) -> None:
    trial = Trial("authlib")
    documents = [
        requests.get(get_well_known_url(facts["issuer"], external=True, suffix=suffix), timeout=9)
        for suffix in ("openid-configuration", "oauth-authorization-server")
    ]
    server, other = (document.json() for document in documents)
    with trial.check("discovery as in OpenID Connect"):
        OpenIDProviderMetadata(server).validate()
    with trial.check("discovery as in RFC 8414"):
        AuthorizationServerMetadata(other).validate()
        assert server == other
    for kind in ("basic", "post", "none", "es256", "eddsa"):
        with trial.check(f"code and PKCE, {kind}"):
            party = Party(facts, kind, server)
            assert party.authorize(person)["token_type"] == "Bearer"
            assert party.orders().status_code == 200
    _client(trial, facts, person)
    _tokens(trial, facts, person, server)
    _own(trial, facts, server)
    _device(trial, facts, person, server)
    trial.ends(at_least=20)


def _client(trial: Trial, facts: Facts, person: Person) -> None:
    """Sign in through authlib's own integration for Django, which checks the ID token."""
    for kind in ("basic", "es256", "eddsa"):
        known = facts["clients"][kind]
        registered = OAuth().register(
            kind,
            client_id=known["client_id"],
            client_secret=known["client_secret"],
            server_metadata_url=f"{facts['issuer']}/.well-known/openid-configuration",
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
        )
        with trial.check(f"sign-in, ID token {known['algorithm']}, userinfo"):
            request: Any = RequestFactory().get("/sign-in")
            request.session = {}
            asked = registered.authorize_redirect(request, facts["callback"], max_age=600)
            back: Any = RequestFactory().get(person.visit(asked["Location"]).url)
            back.session = request.session
            token = registered.authorize_access_token(back)
            assert token["userinfo"]["sub"] == facts["user"]
            assert token["userinfo"]["auth_time"]
            assert registered.userinfo(token=token)["email"] == facts["email"]
        with trial.check(f"access_denied, {kind}"):
            request.session = {}
            asked = registered.authorize_redirect(request, facts["callback"], prompt="consent")
            back = RequestFactory().get(person.visit(asked["Location"], allow=False).url)
            back.session = request.session
            with pytest.raises(OAuthError, match="access_denied"):
                registered.authorize_access_token(back)


def _tokens(trial: Trial, facts: Facts, person: Person, server: Facts) -> None:
    party = Party(facts, "basic", server)
    session = party.session
    first = party.authorize(person)
    with trial.check("introspection"):
        said = session.introspect_token(server["introspection_endpoint"], first["access_token"])
        assert said.json()["sub"] == facts["user"]
    with trial.check("refresh, rotated"):
        second = session.refresh_token(refresh_token=first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        assert party.orders().status_code == 200
    with trial.check("revocation"):
        ended = session.revoke_token(server["revocation_endpoint"], second["refresh_token"])
        assert ended.status_code == 200
        said = session.introspect_token(server["introspection_endpoint"], second["access_token"])
        assert said.json() == {"active": False}
    with trial.check("a JWT access token is valid by its JWKS"):
        token = Party(facts, "es256", server).authorize(person)
        validator = Validator(server, facts["api"])
        claims = validator.authenticate_token(token["access_token"])
        validator.validate_token(claims, ["orders:read"], None)
        assert claims["sub"] == facts["user"]


def _own(trial: Trial, facts: Facts, server: Facts) -> None:
    for kind in ("basic", "jwt"):
        with trial.check(f"client credentials, {kind}"):
            party = Party(facts, kind, server)
            party.session.fetch_token(grant_type="client_credentials", scope="orders:read")
            assert party.orders().status_code == 200


def _device(trial: Trial, facts: Facts, person: Person, server: Facts) -> None:
    with trial.check("device flow"):
        party = Party(facts, "none", server)
        fields = {"client_id": facts["clients"]["none"]["client_id"], "scope": SCOPE}
        begun = requests.post(server["device_authorization_endpoint"], fields, timeout=9).json()
        assert person.visit(begun["verification_uri_complete"]).pages[-1:] == ["consent"]
        party.session.fetch_token(
            grant_type=DEVICE_CODE_GRANT_TYPE, device_code=begun["device_code"]
        )
        assert party.orders().status_code == 200
