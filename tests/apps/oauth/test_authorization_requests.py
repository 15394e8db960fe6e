"""What is asked of the authorization endpoint is read strictly (OAuth 2.1, RFC 9700)."""

from typing import Any

import pytest
from django.http import QueryDict

from apps.applications.models import Application
from apps.core import clock
from apps.oauth import redirects
from apps.oauth.authorization import AuthorizationRequest, Refused, check
from apps.oauth.models import Client
from apps.tenants.models import Tenant
from tests.support import consent, make


@pytest.fixture
def client(db: None) -> Client:
    return consent.client()


def asked(client: Client, **changed: Any) -> AuthorizationRequest:
    parameters = QueryDict(mutable=True)
    for name, value in consent.query(client, **changed).items():
        parameters[name] = value
    return check(parameters, client)


def refusal(client: Client, **changed: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        asked(client, **changed)
    return refused.value


def test_a_right_request_is_read(client: Client) -> None:
    request = asked(client, nonce="n", max_age="0", prompt="login consent", dpop_jkt="j" * 43)
    assert request.scopes == ("openid", "orders:read")
    assert (request.nonce, request.max_age, request.dpop_jkt) == ("n", 0, "j" * 43)
    assert request.prompt == {"login", "consent"}


def test_claims_are_asked_for_as_the_scopes_that_people_read(client: Client) -> None:
    wanted = '{"id_token": {"email": null}, "userinfo": {"given_name": null, "acr": null}}'
    assert asked(client, claims=wanted).scopes == ("openid", "orders:read", "email", "profile")
    assert asked(client, claims=wanted, scope="orders:read").scopes == ("orders:read",)
    assert asked(client, claims='{"id_token": {"acr": null}}').scopes == ("openid", "orders:read")


@pytest.mark.spec("RFC 7636", "4.4.1")
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "nothing:known"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "\u0661"}, "invalid_request"),
        ({"max_age": "9" * 5000}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": "[" * 4000}, "invalid_request"),
        ({"claims": '{"id_token": 1}'}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
        ({"nonce": "a\0b"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
    ],
)
def test_what_is_wrong_is_told_to_the_client_with_its_state(
    client: Client, changed: dict[str, str | None], error: str
) -> None:
    refused = refusal(client, **changed)
    assert (refused.error, refused.redirect_uri, refused.state) == (error, consent.CALLBACK, "xyz")


@pytest.mark.spec("RFC 9700", "4.1.3")
@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "https://client.example/cb/",
        "https://client.example/cb?x=1",
        "https://client.example/cb#x",
        "https://client.example:443/cb",
        "https://client.example@evil.example/cb",
        "https://evil.example/cb",
        "https://client.example/cb/../evil",
        "HTTPS://client.example/cb",
        "javascript:alert(1)",
        "//client.example/cb",
        "https://client.example/cb\0",
    ],
)
def test_another_redirect_uri_is_followed_nowhere(client: Client, uri: str | None) -> None:
    assert refusal(client, redirect_uri=uri).redirect_uri == ""


def test_of_two_redirect_uris_none_is_followed(client: Client) -> None:
    parameters = QueryDict(mutable=True)
    for name, value in consent.query(client).items():
        parameters[name] = value
    parameters.appendlist("redirect_uri", "https://evil.example/")
    with pytest.raises(Refused) as refused:
        check(parameters, client)
    assert refused.value.redirect_uri == ""


def test_an_address_that_could_not_be_registered_today_is_followed_nowhere(client: Client) -> None:
    client.redirect_uris += "\nhttp://shop.example/cb"
    assert refusal(client, redirect_uri="http://shop.example/cb").redirect_uri == ""


@pytest.mark.spec("RFC 8252", "7.3")
@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("http://127.0.0.1:51004/cb", True),
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:51004/other", False),
        ("http://127.0.0.1:51004/cb?x=1", False),
        ("http://[::1]:51004/cb", False),
        ("http://localhost:51004/cb", False),
        ("https://127.0.0.1:51004/cb", False),
        ("http://127.0.0.1:99999/cb", False),
        ("http://127.0.0.1.evil.example/cb", False),
        ("http://user@127.0.0.1:51004/cb", False),
        ("http://evil.example\\@127.0.0.1:51004/cb", False),
    ],
)
def test_a_loopback_address_may_have_any_port_and_nothing_else(asked: str, *, fits: bool) -> None:
    assert redirects.matches(asked, "http://127.0.0.1:3000/cb") is fits


def test_a_parameter_that_is_sent_twice_is_refused(client: Client) -> None:
    parameters = QueryDict(mutable=True)
    parameters.update(consent.query(client))
    parameters.appendlist("scope", "orders:write")
    with pytest.raises(Refused) as refused:
        check(parameters, client)
    assert refused.value.error == "invalid_request"


def test_without_scope_the_client_gets_what_its_application_asks_for(client: Client) -> None:
    assert refusal(client, scope=None).error == "invalid_scope"
    client.application.requested_scopes = ["orders:read"]
    assert asked(client, scope=None).scopes == ("orders:read",)


def test_a_live_client_may_ask_for_approved_scopes_only(db: None) -> None:
    application = make.application(approved=True)
    application.approved_scopes = ["orders:read"]
    application.save()
    live = consent.client(application, environment=Tenant.Kind.LIVE)
    assert asked(live).scopes == ("openid", "orders:read")
    refused = refusal(live, scope="openid orders:write")
    assert refused.error == "invalid_scope"
    assert refused.description == (
        "The client may not have orders:write: not approved for live data."
    )


def test_each_scope_that_is_too_much_is_named(client: Client) -> None:
    refused = refusal(client, scope="openid orders:fly payments:melt")
    assert refused.description == (
        "The client may not have orders:fly payments:melt: no such scope for it."
    )
    strange = refusal(client, scope='a"b\u00e9 ' + "x" * 300).description
    assert len(strange) < 300
    assert strange.isascii(), "RFC 6749, section 4.1.2.1 allows no other letters"
    assert '"' not in strange


@pytest.mark.parametrize("state", [Application.State.SUSPENDED, Application.State.REJECTED])
def test_a_live_client_of_an_application_that_may_not_is_refused_on_a_page(
    db: None, state: Application.State
) -> None:
    application = make.application(approved=True)
    live = consent.client(application, environment=Tenant.Kind.LIVE)
    live.application.state = state
    refused = refusal(live)
    assert (refused.error, refused.redirect_uri) == ("unauthorized_client", "")


def test_a_suspension_is_told_on_a_page(client: Client) -> None:
    application = client.application
    application.state = Application.State.SUSPENDED
    refused = refusal(client)
    assert (refused.error, refused.redirect_uri) == ("unauthorized_client", "")
    application.state = Application.State.DRAFT
    assert asked(client).client == client
    application.organization.suspended_at = clock.real()
    refused = refusal(client)
    assert (refused.error, refused.redirect_uri) == ("unauthorized_client", "")


def test_a_client_without_the_code_grant_gets_no_code(client: Client) -> None:
    client.grant_types = ["client_credentials"]
    assert refusal(client).error == "unauthorized_client"
