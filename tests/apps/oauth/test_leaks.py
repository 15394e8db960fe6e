"""Client secrets and tokens that were found in public: told, and closed as the operator wants."""

from dataclasses import dataclass

import pytest
from django.conf import settings as configured
from django.test import Client as Browser
from pytest_django import Settings

from apps.core import clock, secrets
from apps.events.models import Event
from apps.keys import leaks
from apps.keys.models import LeakReport
from apps.keys.tasks import sweep
from apps.notifications.models import Message
from apps.oauth import registration
from apps.oauth.client_metadata import Refused
from apps.oauth.models import AccessToken, ClientSecret, RefreshToken
from apps.oauth.models.client import GrantType
from tests.support import make, oauth
from tests.support.oauth import Party
from tests.support.queries import Queries

pytestmark = pytest.mark.django_db
URL = "https://github.example/shop/blob/1/settings.py"


@dataclass
class Tokens:
    """What one authorization gave."""

    party: Party
    access: str
    refresh: str


@pytest.fixture
def party() -> Party:
    made = oauth.confidential()
    make.sandbox(made.client.application.organization)
    return made


@pytest.fixture
def tokens(party: Party) -> Tokens:
    body = party.redeem(oauth.code(party)).body
    return Tokens(party, body["access_token"], body["refresh_token"])


def found(*texts: str, url: str = URL) -> list[bool]:
    return leaks.report([leaks.Finding(text, url) for text in texts], reporter="GitHub")


def open_tokens() -> tuple[int, int]:
    return (
        AccessToken.objects.usable().count(),
        RefreshToken.objects.filter(revoked=None).count(),
    )


def test_a_secret_of_a_sandbox_client_is_revoked_and_its_owners_read_where_it_was_found(
    party: Party,
) -> None:
    owner = party.client.application.organization.memberships.get().user
    other = oauth.confidential(party.client.application)
    assert found(party.secret, secrets.mint("test", kind="c")) == [True, False]
    assert party.token("client_credentials").error == "invalid_client"
    assert other.token("client_credentials").status == 200
    message = Message.objects.get()
    assert message.recipients == [owner.email]
    assert URL in message.text
    assert "The secret is revoked" in message.text
    assert f"/oauth-clients/{party.client.client_id}" in message.text
    assert party.secret not in message.text
    event = Event.objects.get(type="client.leaked")
    secret = ClientSecret.objects.get(client=party.client)
    assert (event.data["found"], event.data["policy"]) == (secret.pk, "revoke")
    assert LeakReport.objects.get().subject == secret.pk


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_a_token_ends_with_all_that_came_from_its_authorization(
    party: Party, tokens: Tokens, which: str
) -> None:
    party.redeem(oauth.code(party))
    assert open_tokens() == (2, 2)
    assert found(getattr(tokens, which)) == [True]
    assert open_tokens() == (1, 1)
    assert party.refresh(tokens.refresh).error == "invalid_grant"
    assert Event.objects.get(type="token.revoked").data["reason"] == "leaked"
    assert "All that came from the same authorization is revoked" in Message.objects.get().text


def test_both_tokens_of_one_authorization_are_one_report(tokens: Tokens) -> None:
    assert found(tokens.access, tokens.refresh) == [True, True]
    assert LeakReport.objects.count() == 1
    assert Message.objects.count() == 1


def test_a_token_without_an_authorization_ends_alone(party: Party) -> None:
    first = party.token("client_credentials").body["access_token"]
    party.token("client_credentials")
    assert found(first) == [True]
    assert AccessToken.objects.usable().count() == 1
    assert LeakReport.objects.get().subject.startswith("tok_")


def test_a_refresh_token_that_was_rotated_away_still_ends_its_family(
    party: Party, tokens: Tokens
) -> None:
    party.refresh(tokens.refresh)
    assert found(tokens.refresh) == [True]
    assert open_tokens() == (0, 0)


def test_what_opens_nothing_is_ours_and_troubles_nobody(party: Party, tokens: Tokens) -> None:
    found(tokens.access)
    Message.objects.all().delete()
    LeakReport.objects.all().delete()
    assert found(tokens.access, tokens.refresh) == [True, True]
    assert not LeakReport.objects.exists()
    assert not Message.objects.exists()


def test_a_live_client_has_a_day() -> None:
    application = make.application(approved=True)
    make.live(application.organization)
    party = oauth.confidential(application, environment="live")
    found(party.secret)
    sweep()
    assert party.token("client_credentials").status == 200
    assert "It is revoked on" in Message.objects.get().text
    LeakReport.objects.update(due_at=clock.real())
    sweep()
    assert party.token("client_credentials").error == "invalid_client"
    assert LeakReport.objects.exclude(settled_at=None).count() == 1


def test_an_operator_can_let_a_secret_live_on() -> None:
    application = make.application(approved=True)
    make.live(application.organization)
    party = oauth.confidential(application, environment="live")
    found(party.secret)
    leaks.dismiss(LeakReport.objects.get(), reason="A test of ours.", actor=make.operator())
    assert leaks.settle() == 0
    assert party.token("client_credentials").status == 200
    assert Event.objects.get(type="client.leak_dismissed").data["reason"] == "A test of ours."


def test_a_kind_of_its_own_has_a_policy_of_its_own(settings: Settings, tokens: Tokens) -> None:
    settings.LEAK_POLICY = "test:revoke,test_a:notify"
    found(tokens.access)
    assert open_tokens() == (1, 1)
    assert "It still works" in Message.objects.get().text


@pytest.fixture
def readable() -> Party:
    """A client whose access tokens are JWTs."""
    made = oauth.confidential(token_format="jwt")
    make.sandbox(made.client.application.organization)
    return made


def test_an_access_token_that_is_a_jwt_is_known_and_ended_like_any_other(readable: Party) -> None:
    text = readable.token("client_credentials").body["access_token"]
    readable.token("client_credentials")
    assert text.startswith("eyJ")
    other = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzdHJhbmdlciJ9.c2lnbmF0dXJlLW9mLW5vYm9keQ"
    assert found(text, other, text[:-1]) == [True, False, False]
    assert AccessToken.objects.usable().count() == 1
    assert "an access token" in Message.objects.get().text


def test_a_jwt_is_found_among_the_lines_around_it(client: Browser, readable: Party) -> None:
    text = readable.redeem(oauth.code(readable)).body["access_token"]
    client.post("/found-a-key", {"text": f"Authorization: Bearer {text}\n", "url": ""})
    assert open_tokens() == (0, 0)


def test_a_jwt_in_the_address_where_it_was_found_is_repeated_nowhere(readable: Party) -> None:
    text = readable.redeem(oauth.code(readable)).body["access_token"]
    found(text, url=f"https://x.example/?t={text}")
    assert LeakReport.objects.get().url == "https://x.example/?t=***"
    assert text not in Message.objects.get().text


def test_an_id_token_opens_nothing_and_is_reported_to_nobody(readable: Party) -> None:
    assert found(readable.redeem(oauth.code(readable)).body["id_token"]) == [False]
    assert open_tokens() == (1, 1)


def test_a_device_code_that_waits_for_its_tokens_brings_none(party: Party) -> None:
    text = oauth.device_code(party)
    assert found(text, secrets.mint("test", kind="d")) == [True, False]
    assert party.token(GrantType.DEVICE, device_code=text).error == "invalid_grant"
    assert not AccessToken.objects.exists()
    assert "a device code" in Message.objects.get().text
    assert Event.objects.get(type="client.leaked").data["policy"] == "revoke"


def test_a_live_device_code_ends_at_once_because_it_would_be_over_before_a_day_is() -> None:
    application = make.application(approved=True)
    make.live(application.organization)
    party = oauth.confidential(application, environment="live")
    text = oauth.device_code(party, oauth.merchant(live=True))
    found(text)
    assert party.token(GrantType.DEVICE, device_code=text).error == "invalid_grant"


def test_a_device_code_that_was_used_troubles_neither_its_owners_nor_its_tokens(
    party: Party,
) -> None:
    text = oauth.device_code(party)
    assert party.token(GrantType.DEVICE, device_code=text).status == 200
    assert found(text) == [True]
    assert open_tokens() == (1, 1)
    assert not Message.objects.exists()


def test_a_registration_token_no_longer_opens_its_entry(settings: Settings) -> None:
    settings.REGISTRATION = "open"
    make.plan()
    made = registration.register({"redirect_uris": [oauth.CALLBACK]}, token="")
    assert found(made.token) == [True]
    with pytest.raises(Refused):
        registration.find(made.client.client_id, made.token)
    assert Event.objects.filter(type="client.registration_closed").count() == 1
    assert not Message.objects.exists()  # nobody stands behind a stranger's client


def test_an_initial_access_token_registers_nothing_more() -> None:
    application = make.application()
    owner = application.organization.memberships.get().user
    ends = clock.real() + registration.LONGEST
    _token, text = registration.issue_initial_token(
        application, uses=3, expires_at=ends, actor=owner
    )
    assert found(text) == [True]
    with pytest.raises(Refused):
        registration.register({"redirect_uris": [oauth.CALLBACK]}, token=text)
    assert "The token is revoked" in Message.objects.get().text
    assert Event.objects.filter(type="initial_token.revoked").count() == 1


def test_many_unknown_tokens_cost_as_few_queries_as_one_of_each_kind() -> None:
    def findings(number: int) -> list[leaks.Finding]:
        kinds: list[secrets.Kind] = ["k", "c", "a", "f", "d", "g", "i"]
        return [
            leaks.Finding(secrets.mint("test", kind=kind)) for kind in kinds for _ in range(number)
        ]

    few = Queries().of(lambda: leaks.report(findings(1), reporter="GitHub"))
    assert Queries().of(lambda: leaks.report(findings(20), reporter="GitHub")) == few


def test_whoever_pastes_a_secret_in_the_portal_closes_it(client: Browser, party: Party) -> None:
    prefix = configured.BRAND["key_prefix"]
    assert party.secret.startswith(f"{prefix}_test_c")
    client.post("/found-a-key", {"text": f"SECRET={party.secret}", "url": ""})
    assert party.token("client_credentials").error == "invalid_client"
    assert LeakReport.objects.get().reporter == leaks.FORM
