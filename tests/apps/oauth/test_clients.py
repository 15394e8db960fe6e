"""What may stand in an OAuth client, and what ends when it changes."""

from datetime import timedelta
from typing import Any

import pytest
from jwcrypto.jwk import JWK

from apps.applications.errors import NotApproved
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.events.models import Event
from apps.oauth import clients, redirects, registration
from apps.oauth.models import AccessToken, Client
from apps.tenants.models import Tenant
from tests.support import consent, make


@pytest.mark.spec("RFC 9700", "4.1.1")
@pytest.mark.parametrize(
    ("uri", "public", "fine"),
    [
        ("https://client.example/cb", False, True),
        ("https://client.example:8443/cb?tenant=1", False, True),
        ("http://127.0.0.1/cb", False, True),
        ("http://127.0.0.1:3000/cb", True, True),
        ("http://[::1]/cb", True, True),
        ("http://localhost:5173/cb", True, True),
        ("com.example.app:/cb", True, True),
        ("com.example.app://cb", True, True),
        ("com.example.app:/cb", False, False),
        ("com.example.app:", True, False),
        ("myapp:/cb", True, False),
        ("javascript:alert(1)", True, False),
        ("data:text/html,x", True, False),
        ("http://client.example/cb", False, False),
        ("http://localhost.evil.example/cb", True, False),
        ("http://0.0.0.0/cb", True, False),
        ("https://client.example/cb#fragment", False, False),
        ("https://client.example/cb#", False, False),
        ("https://user@client.example/cb", False, False),
        ("https://user:secret@client.example/cb", False, False),
        ("https://*.client.example/cb", False, False),
        ("https://client.example/*", False, False),
        ("https:///cb", False, False),
        ("https://client.example\\@evil.example/cb", False, False),
        ("https://clïent.example/cb", False, False),
        ("https://client.example/a b", False, False),
        ('https://client.example/"><script>', False, False),
        ("https://client.example;script-src *", False, False),
        ("https://client.example;sandbox/cb", False, False),
        ("https://client.example,evil.example/cb", False, False),
        ("https://client.example-/cb", False, False),
        ("https://client.example:99999/cb", False, False),
        ("https://client.example/" + "x" * 500, False, False),
        ("/cb", False, False),
        ("//client.example/cb", False, False),
        ("", False, False),
    ],
)
def test_an_address_may_be_registered_or_there_is_a_reason(
    uri: str, *, public: bool, fine: bool
) -> None:
    assert (redirects.fault(uri, public=public) == "") is fine


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://client.example/cb?x=1", "https://client.example"),
        ("https://client.example:8443/cb", "https://client.example:8443"),
        ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000"),
        ("http://[::1]:3000/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:"),
    ],
)
def test_a_policy_names_the_origin_and_nothing_else(uri: str, source: str) -> None:
    assert redirects.source(uri) == source


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"redirect_uris": ["http://client.example/"]}, "redirect_uris"),
        ({"redirect_uris": []}, "redirect_uris"),
        (
            {"redirect_uris": [f"https://client.example/{number}" for number in range(21)]},
            "redirect_uris",
        ),
        (
            {"post_logout_redirect_uris": ["ftp://client.example/"]},
            "post_logout_redirect_uris",
        ),
        ({"grant_types": []}, "grant_types"),
        ({"grant_types": ["refresh_token"]}, "grant_types"),
        ({"grant_types": ["implicit"]}, "grant_types"),
        ({"grant_types": ["client_credentials"], "authentication": "none"}, "grant_types"),
        ({"authentication": "tls_client_auth"}, "authentication"),
        ({"authentication": "private_key_jwt"}, "jwks"),
        ({"token_format": "paseto"}, "token_format"),
        ({"id_token_algorithm": "none"}, "id_token_algorithm"),
        ({"id_token_algorithm": "HS256"}, "id_token_algorithm"),
        ({"jwks": []}, "jwks"),
        ({"jwks": {"keys": []}}, "jwks"),
        ({"jwks": {"keys": [{"kty": "nothing"}]}}, "jwks"),
        ({"jwks": {"keys": ["x"]}}, "jwks"),
        ({"backchannel_logout_uri": "http://client.example/out"}, "backchannel_logout_uri"),
        ({"backchannel_logout_uri": "com.example:/out"}, "backchannel_logout_uri"),
    ],
)
def test_what_could_not_work_is_refused_beside_its_field(
    db: None, wrong: dict[str, Any], param: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        consent.client(**wrong)
    assert refused.value.param == param
    assert not Client.objects.exists()


def test_a_private_key_is_never_kept(db: None) -> None:
    key = JWK.generate(kty="EC", crv="P-256")
    private = {"keys": [key.export_private(as_dict=True)]}
    with pytest.raises(Unprocessable):
        consent.client(jwks=private)
    public = {"keys": [key.export_public(as_dict=True)]}
    assert consent.client(jwks=public, authentication="private_key_jwt").jwks == public


def test_a_live_client_needs_approval(db: None) -> None:
    with pytest.raises(NotApproved):
        consent.client(environment=Tenant.Kind.LIVE)


def token(of: Client) -> AccessToken:
    return AccessToken.objects.create(
        application=of,
        token="a token",
        scope="orders:read",
        expires=clock.real() + timedelta(hours=1),
        tenant=make.sandbox(of.application.organization),
    )


def test_deleting_a_client_ends_its_tokens(db: None) -> None:
    client = consent.client()
    token(client)
    clients.delete(client, actor=None)
    ended = Event.objects.get(type="token.revoked")
    assert len(ended.data["digests"]) == 1
    assert Event.objects.filter(type="client.deleted").exists()


def test_taking_a_grant_type_away_ends_tokens_and_a_new_name_does_not(db: None) -> None:
    client = consent.client()
    held = token(client)
    clients.change(client, name="Books", actor=None)
    held.refresh_from_db()
    assert held.revoked_at is None
    clients.change(client, grant_types=["authorization_code"], actor=None)
    held.refresh_from_db()
    assert held.revoked_at is not None


def test_what_a_client_is_cannot_be_changed_by_name(db: None) -> None:
    client = consent.client()
    for name in ("environment", "application", "client_id", "skip_authorization"):
        with pytest.raises(TypeError):
            clients.change(client, actor=None, **{name: "x"})


def test_a_change_does_not_open_what_was_closed_meanwhile(db: None) -> None:
    client = consent.client()
    Client.objects.filter(pk=client.pk).update(registration_digest=b"d" * 32)
    seen = Client.objects.get(pk=client.pk)
    registration.close(client, actor=None)
    clients.change(seen, name="Books", actor=None)
    client.refresh_from_db()
    assert (client.name, client.registration_digest) == ("Books", None)
