"""A code becomes tokens once, for its client, with its verifier, within a minute."""

from datetime import timedelta

import pytest
from django.conf import settings
from time_machine import TimeMachineFixture

from apps.catalog.models import Api, ApiVersion
from apps.core import clock, secrets
from apps.events.models import Event
from apps.oauth import resources, signing
from apps.oauth.models import AccessToken, Grant, RefreshToken
from tests.support import oauth, oidc

pytestmark = pytest.mark.django_db


def test_a_code_becomes_tokens_that_scanners_know() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    answer = party.redeem(oauth.code(party, by, scope="orders:read"))
    assert answer.status == 200
    assert set(answer.body) == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
    }
    assert answer.body["token_type"] == "Bearer"
    assert answer.body["expires_in"] == 3600
    assert answer.body["scope"] == "orders:read"
    shape = secrets.pattern(settings.BRAND["key_prefix"], "af")
    assert secrets.read(answer.body["access_token"], shape) == secrets.Shape("test", "a")
    assert secrets.read(answer.body["refresh_token"], shape) == secrets.Shape("test", "f")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_tokens_know_who_authorized_them_where_and_when() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    party.redeem(oauth.code(party, by, scope="orders:read"))
    grant, access = Grant.objects.get(), AccessToken.objects.get()
    refresh = RefreshToken.objects.get()
    for token in (access, refresh):
        assert (token.user, token.tenant, token.sid) == (by.user, by.tenant, "session")
        assert token.auth_time == grant.auth_time
        assert token.scope == "orders:read"
    assert access.family == refresh.token_family == grant.family
    assert refresh.ends_at is not None
    assert refresh.ends_at - clock.real() == pytest.approx(
        timedelta(days=90), abs=timedelta(minutes=1)
    )


def test_no_secret_is_stored() -> None:
    party = oauth.confidential()
    code = oauth.code(party)
    body = party.redeem(code).body
    stored = str([list(model.objects.values()) for model in (AccessToken, RefreshToken, Grant)])
    for secret in (code, body["access_token"], body["refresh_token"], party.secret):
        assert secret not in stored


def test_an_id_token_says_who_signed_in() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    answer = party.redeem(oauth.code(party, by, nonce="n-1"))
    claims = oidc.verified(answer.body["id_token"], signing.jwks())
    assert claims["sub"] == by.user.pk
    assert claims["aud"] == party.client.client_id
    assert claims["nonce"] == "n-1"
    assert "auth_time" in claims


def test_without_openid_nobody_is_told_who_signed_in() -> None:
    party = oauth.confidential()
    assert "id_token" not in party.redeem(oauth.code(party, scope="orders:read")).body


def test_a_client_without_the_refresh_grant_gets_no_refresh_token() -> None:
    party = oauth.confidential(grant_types=["authorization_code"])
    assert "refresh_token" not in party.redeem(oauth.code(party)).body
    assert not RefreshToken.objects.exists()


def test_a_jwt_is_handed_out_to_who_asked_for_that_format_and_stored_like_any_token() -> None:
    party, by = oauth.confidential(token_format="jwt"), oauth.merchant()
    answer = party.redeem(oauth.code(party, by))
    claims = oidc.verified(answer.body["access_token"], signing.jwks())
    assert (claims["sub"], claims["tenant"]) == (by.user.pk, by.tenant.pk)
    assert claims["aud"] == [settings.API_URL]
    assert AccessToken.objects.get().token == ""


def test_a_public_client_needs_its_verifier_and_nothing_else() -> None:
    party = oauth.public()
    assert party.redeem(oauth.code(party)).status == 200


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"code_verifier": ""}, "code_verifier is missing"),
        ({"code_verifier": "x" * 43}, "does not fit"),
        ({"code_verifier": "short"}, "43 to 128"),
        ({"code_verifier": "é" * 50}, "43 to 128"),
        ({"redirect_uri": oauth.CALLBACK + "/"}, "redirect_uri"),
        ({"code": "unknown"}, "no such code"),
    ],
)
def test_what_does_not_fit_the_code_is_refused_in_words_and_spends_nothing(
    changed: dict[str, str], said: str
) -> None:
    party = oauth.confidential()
    code = oauth.code(party)
    refused = party.redeem(code, **changed)
    assert (refused.status, refused.error) == (400, "invalid_grant")
    assert said in refused.said
    assert refused.body["error_uri"].startswith(settings.PORTAL_URL)
    assert not AccessToken.objects.exists()
    assert party.redeem(code).status == 200


def test_a_challenge_by_the_method_plain_is_none() -> None:
    party = oauth.public()
    code = oauth.code(party)
    Grant.objects.update(code_challenge_method="plain")
    assert party.redeem(code).error == "invalid_grant"
    Grant.objects.update(code_challenge=oauth.VERIFIER, code_challenge_method="plain")
    assert party.redeem(code).error == "invalid_grant"
    Grant.objects.update(code_challenge="", code_challenge_method="")
    assert party.redeem(code).error == "invalid_grant"
    assert not AccessToken.objects.exists()


def test_oauth_2_1_lets_the_redirect_uri_out() -> None:
    party = oauth.confidential()
    assert party.redeem(oauth.code(party), redirect_uri="").status == 200


def test_a_minute_is_all_a_code_has(time_machine: TimeMachineFixture) -> None:
    party = oauth.confidential()
    code = oauth.code(party)
    oauth.later(time_machine, 61)
    refused = party.redeem(code)
    assert refused.error == "invalid_grant"
    assert "expired" in refused.said


def test_another_client_cannot_redeem_a_code_nor_end_what_came_from_it() -> None:
    party, thief = oauth.confidential(), oauth.confidential()
    code = oauth.code(party)
    assert thief.redeem(code).error == "invalid_grant"
    assert party.redeem(code).status == 200
    assert thief.redeem(code).error == "invalid_grant"
    assert AccessToken.objects.get().revoked_at is None
    assert not Event.objects.filter(type="token.revoked").exists()


def test_who_lost_their_place_in_the_tenant_gets_no_tokens() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    code = oauth.code(party, by)
    by.tenant.organization.memberships.all().delete()
    refused = party.redeem(code)
    assert refused.error == "invalid_grant"
    assert "may not allow this" in refused.said


def test_whose_account_is_closed_gets_no_tokens() -> None:
    party, by = oauth.confidential(), oauth.merchant()
    code = oauth.code(party, by)
    type(by.user).objects.filter(pk=by.user.pk).update(is_active=False)
    refused = party.redeem(code)
    assert (refused.status, refused.error) == (400, "invalid_grant")
    assert "closed" in refused.said
    assert not AccessToken.objects.exists()


def test_a_client_that_is_not_registered_for_codes_is_told_so() -> None:
    party = oauth.confidential(grant_types=["client_credentials"])
    refused = party.redeem(oauth.code(party))
    assert refused.error == "unauthorized_client"
    assert "authorization_code" in refused.said


def test_a_resource_is_inherited_and_can_only_be_narrowed() -> None:
    party = oauth.confidential()
    api = settings.API_URL
    granted = oauth.code(party, resource=(api,))
    assert party.redeem(granted).status == 200
    assert AccessToken.objects.get().resource == [api]
    elsewhere = party.redeem(oauth.code(party, resource=(api,)), resource="https://evil.example")
    assert elsewhere.error == "invalid_target"
    assert "evil.example" in elsewhere.said
    assert AccessToken.objects.count() == 1


def test_an_api_below_the_origin_is_a_resource_and_the_origin_then_goes_beyond_it() -> None:
    api = Api.objects.create(slug="commerce", name="Commerce")
    ApiVersion.objects.create(api=api, major=1, document={}, digest="")
    party = oauth.confidential()
    base = f"{settings.API_URL}/commerce/v1"
    assert (
        party.redeem(oauth.code(party, resource=(settings.API_URL,)), resource=base).status == 200
    )
    assert AccessToken.objects.get().resource == [base]
    beyond = party.redeem(oauth.code(party, resource=(base,)), resource=settings.API_URL)
    assert beyond.error == "invalid_target"


def test_a_version_is_no_part_of_another_whose_number_begins_alike() -> None:
    base = f"{settings.API_URL}/shop/v1"
    assert resources.covers(base, base)
    assert resources.covers(settings.API_URL, base)
    assert not resources.covers(base, f"{base}0")
    assert not resources.covers(base, settings.API_URL)
