"""An owner narrows a client: it gets no more than that, whatever its application may have."""

from typing import Any

import pytest

from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.events.models import Event
from apps.oauth import clients
from apps.oauth.models import AccessToken, Client, RefreshToken
from apps.oauth.models.client import GrantType
from tests.support import make, oauth
from tests.support.oauth import Party

pytestmark = pytest.mark.django_db
BOTH = ["orders:read", "orders:write"]


@pytest.fixture
def party() -> Party:
    make.scopes(*BOTH, "products:read")
    made = oauth.confidential()
    make.sandbox(made.client.application.organization)
    Application.objects.update(requested_scopes=BOTH)
    return made


def narrow(party: Party, *names: str, **fields: Any) -> None:
    clients.change(Client.objects.get(pk=party.client.pk), scopes=names, actor=None, **fields)


def test_a_client_that_nobody_narrowed_has_what_its_application_may_have(party: Party) -> None:
    assert Client.objects.get().scopes == []
    assert party.token("client_credentials").body["scope"] == "orders:read orders:write"


def test_a_narrowed_client_is_given_what_is_left_and_refused_the_rest(party: Party) -> None:
    narrow(party, "orders:read")
    assert party.token("client_credentials").body["scope"] == "orders:read"
    refused = party.token("client_credentials", scope="orders:read orders:write")
    assert (refused.status, refused.error) == (400, "invalid_scope")
    assert "orders:write" in refused.said
    assert AccessToken.objects.count() == 1


def test_a_request_without_scope_gets_all_that_the_client_was_narrowed_to(party: Party) -> None:
    narrow(party, "products:read")
    assert party.token("client_credentials").body["scope"] == "products:read"


def test_narrowing_never_gives_a_live_client_what_no_reviewer_approved() -> None:
    make.scopes(*BOTH)
    application = make.application()
    Application.objects.update(state="approved", approved_scopes=["orders:read"])
    application.refresh_from_db()
    party = oauth.confidential(application, environment="live", scopes=BOTH)
    assert party.token("client_credentials", scope="orders:write").error == "invalid_scope"
    assert party.token("client_credentials").body["scope"] == "orders:read"


def test_people_are_asked_for_no_more_and_still_sign_in(party: Party) -> None:
    narrow(party, "orders:read")
    device = oauth.post("device_authorization", party.fields(scope="orders:write"))
    assert device.error == "invalid_scope"
    assert (
        oauth.post("device_authorization", party.fields(scope="openid orders:read")).status == 200
    )


def test_narrowing_ends_the_tokens_that_hold_more_and_no_others(party: Party) -> None:
    party.token("client_credentials", scope="orders:read")
    party.token("client_credentials", scope="orders:write")
    party.redeem(oauth.code(party, scope="orders:read"))
    wide = party.redeem(oauth.code(party, scope="orders:read orders:write")).body
    narrow(party, "orders:read")
    left = AccessToken.objects.usable().values_list("scope", flat=True)
    assert list(left) == ["orders:read", "orders:read"]
    assert RefreshToken.objects.filter(revoked=None).count() == 1
    assert party.refresh(wide["refresh_token"]).error == "invalid_grant"
    ended = Event.objects.filter(type="token.revoked")
    assert {event.data["reason"] for event in ended} == {"scopes withdrawn"}


def test_another_name_and_wider_scopes_end_nothing(party: Party) -> None:
    narrow(party, "orders:read")
    party.token("client_credentials")
    narrow(party, *BOTH, name="Books")
    narrow(party)
    assert AccessToken.objects.usable().count() == 1
    assert not Event.objects.filter(type="token.revoked").exists()


@pytest.mark.parametrize("way", ["code", "device"])
def test_a_code_in_flight_brings_nothing_that_was_taken_meanwhile(party: Party, way: str) -> None:
    if way == "code":
        code = oauth.code(party, scope="orders:read orders:write")
        narrow(party, "orders:read")
        answer = party.redeem(code)
    else:
        device_code = oauth.device_code(party, scope=" ".join(BOTH))
        narrow(party, "orders:read")
        answer = party.token(GrantType.DEVICE, device_code=device_code)
    assert answer.body["scope"] == "orders:read"
    assert AccessToken.objects.get().scope == "orders:read"


def test_a_scope_that_does_not_exist_is_refused_beside_its_field(party: Party) -> None:
    with pytest.raises(Unprocessable) as refused:
        narrow(party, "moon:land")
    assert refused.value.param == "scopes"
    assert Client.objects.get().scopes == []


def test_scopes_are_kept_once_and_in_order(party: Party) -> None:
    narrow(party, "orders:write", "orders:read", "orders:write")
    assert Client.objects.get().scopes == BOTH
