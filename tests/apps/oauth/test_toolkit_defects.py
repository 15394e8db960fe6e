"""Each numbered defect that was reproduced in django-oauth-toolkit 3.4.1, and does not exist here.

The numbers are those of the list of defects; what is not of the token endpoint's making has its
test beside what it is of.
"""

from importlib.metadata import version

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from oauthlib.common import Request
from time_machine import TimeMachineFixture

from apps.core import secrets
from apps.core.errors import Missing
from apps.oauth import devices
from apps.oauth.errors import TooManyAttemptsError
from apps.oauth.models import AccessToken, DeviceGrant, RefreshToken
from apps.oauth.validator import Validator
from tests.support import make, oauth
from tests.support.oauth import Answer, Party

pytestmark = pytest.mark.django_db

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
DAY = 24 * 3600


@pytest.fixture
def party() -> Party:
    return oauth.confidential()


def poll(party: Party, code: str) -> Answer:
    return party.token(DEVICE, device_code=code)


def bearer(token: str) -> bool:
    """Tell what the toolkit's validator says of a token at an API."""
    return Validator().validate_bearer_token(token, [], Request("https://api.example/"))


def test_1_a_device_code_cannot_be_redeemed_by_another_client(party: Party) -> None:
    thief, code = oauth.confidential(), oauth.device_code(party)
    refused = poll(thief, code)
    assert (refused.status, refused.error) == (400, "invalid_grant")
    assert not AccessToken.objects.exists()
    assert poll(party, code).status == 200


def test_1_a_device_code_cannot_be_redeemed_twice_and_the_second_time_ends_its_tokens(
    party: Party,
) -> None:
    code = oauth.device_code(party)
    assert poll(party, code).status == 200
    assert poll(party, code).error == "invalid_grant"
    assert AccessToken.objects.count() == 1
    assert not AccessToken.objects.usable().exists()


@pytest.mark.parametrize("seconds", [601, 30 * DAY])
def test_1_a_device_code_cannot_be_redeemed_after_it_expired(
    party: Party, seconds: int, time_machine: TimeMachineFixture
) -> None:
    code = oauth.device_code(party)
    oauth.later(time_machine, seconds)
    refused = poll(party, code)
    assert (refused.status, refused.error) == (400, "expired_token")
    assert not AccessToken.objects.exists()


def test_1_the_device_flow_works_with_the_oauthlib_that_is_installed(party: Party) -> None:
    assert version("oauthlib") < "4"
    answer = poll(party, oauth.device_code(party))
    assert answer.status == 200
    assert {"access_token", "refresh_token", "id_token"} < set(answer.body)


def test_2_an_id_token_opens_nothing(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    validator, request = Validator(), Request("https://api.example/")
    assert bearer(body["access_token"])
    assert not bearer(body["id_token"])
    assert not validator.validate_jwt_bearer_token(body["id_token"], [], request)
    assert not validator.validate_id_token(body["id_token"], [], request)
    assert oauth.post("introspect", party.fields(token=body["id_token"])).body == {"active": False}


def test_3_a_disabled_users_tokens_stop_working(party: Party) -> None:
    by = oauth.merchant()
    body = party.redeem(oauth.code(party, by)).body
    code = oauth.code(party, by)
    device = oauth.device_code(party, by)
    type(by.user).objects.filter(pk=by.user.pk).update(is_active=False)
    assert not bearer(body["access_token"])
    for token in (body["access_token"], body["refresh_token"]):
        assert oauth.post("introspect", party.fields(token=token)).body == {"active": False}
    for refused in (party.refresh(body["refresh_token"]), party.redeem(code), poll(party, device)):
        assert (refused.status, refused.error) == (400, "invalid_grant")
        assert "closed" in refused.said
    assert AccessToken.objects.count() == 1


def test_4_replaying_a_code_revokes_what_came_from_it(party: Party) -> None:
    code = oauth.code(party)
    body = party.redeem(code).body
    renewed = party.refresh(body["refresh_token"]).body
    replay = party.redeem(code)
    assert (replay.status, replay.error) == (400, "invalid_grant")
    assert "revoked" in replay.said
    assert not bearer(body["access_token"])
    assert not bearer(renewed["access_token"])
    assert not RefreshToken.objects.filter(revoked=None).exists()
    assert party.refresh(renewed["refresh_token"]).error == "invalid_grant"


@pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke", "par"])
@pytest.mark.parametrize("header", ["Bearer eyJ.a.b", "Bearer ", "DPoP eyJ.a.b", "Basic eyJ.a.b"])
def test_5_a_bearer_that_looks_like_a_jwt_is_no_error_of_ours(endpoint: str, header: str) -> None:
    refused = oauth.post(endpoint, {"token": "x"}, Authorization=header)
    assert (refused.status, refused.error) == (401, "invalid_client")
    assert not bearer(header.partition(" ")[2])


def test_5_a_missing_device_code_is_named(party: Party) -> None:
    refused = party.token(DEVICE)
    assert (refused.status, refused.error) == (400, "invalid_request")
    assert "device_code" in refused.said


def test_8_a_public_client_cannot_act_for_itself() -> None:
    public = oauth.public()
    make.sandbox(public.client.application.organization)
    refused = public.token("client_credentials")
    assert (refused.status, refused.error) == (400, "unauthorized_client")
    assert not AccessToken.objects.exists()


def test_8_a_client_learns_nothing_of_anothers_tokens(party: Party) -> None:
    body = party.redeem(oauth.code(party)).body
    other = oauth.confidential()
    for token in (body["access_token"], body["refresh_token"]):
        assert oauth.post("introspect", other.fields(token=token)).body == {"active": False}
        assert oauth.post("introspect", party.fields(token=token)).body["active"] is True


def test_8_a_registration_token_is_no_access_token(party: Party) -> None:
    text = secrets.mint("test", kind="g")
    digest = secrets.digest(text, settings.KEY_PEPPERS[0][1])
    type(party.client).objects.filter(pk=party.client.pk).update(registration_digest=digest)
    assert not bearer(text)
    assert oauth.post("introspect", party.fields(token=text)).body == {"active": False}
    asked = {"grant_type": "client_credentials"}
    assert oauth.post("token", asked, Authorization=f"Bearer {text}").status == 401


def test_9_a_device_that_polls_too_fast_is_slowed_down(
    party: Party, time_machine: TimeMachineFixture
) -> None:
    begun = oauth.post("device_authorization", party.fields(scope="openid"))
    code = begun.body["device_code"]
    assert poll(party, code).error == "authorization_pending"
    slowed = poll(party, code)
    assert (slowed.status, slowed.error) == (400, "slow_down")
    assert "10 seconds" in slowed.said
    oauth.later(time_machine, 6)
    assert poll(party, code).error == "slow_down"
    oauth.later(time_machine, 16)
    assert poll(party, code).error == "authorization_pending"


def test_9_who_guesses_user_codes_is_stopped() -> None:
    user = make.user()
    for _ in range(5):
        with pytest.raises(Missing):
            devices.find("BCDF-GHJK", user=user, address="192.0.2.1")
    for guesser, address in ((user, "192.0.2.2"), (make.user(), "192.0.2.1")):
        with pytest.raises(TooManyAttemptsError):
            devices.find("BCDF-GHJK", user=guesser, address=address)


def test_9_user_codes_are_not_stored(party: Party) -> None:
    begun = oauth.post("device_authorization", party.fields(scope="openid")).body
    stored = str(list(DeviceGrant.objects.values()))
    assert begun["user_code"].replace("-", "") not in stored
    assert begun["user_code"] not in stored
    assert begun["device_code"] not in stored


def test_9_a_client_id_of_any_length_has_a_device_flow() -> None:
    party = oauth.confidential(client_id="https://client.example/" + "x" * 200)
    assert oauth.post("device_authorization", party.fields(scope="openid")).status == 200


def test_no_route_of_the_toolkit_exists() -> None:
    def modules(patterns: list[URLPattern | URLResolver]) -> set[str]:
        found = set()
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                found |= modules(pattern.url_patterns)
            elif pattern.callback is not None:
                found.add(pattern.callback.__module__)
        return found

    known = modules(get_resolver(settings.ROOT_URLCONF).url_patterns)
    assert "apps.oauth.api.protocol" in known
    assert not [name for name in known if name.startswith("oauth2_provider")]
