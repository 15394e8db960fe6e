"""Operators find an application's OAuth clients, and end what one of them holds."""

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.events.models import Event
from apps.notifications.models import Message
from apps.oauth.models import AccessToken, Client, RefreshToken
from tests.support import browsers, consent, make, oauth


@pytest.fixture
def party(db: None) -> oauth.Party:
    party = oauth.confidential(make.application())
    make.sandbox(party.client.application.organization)
    for _ in range(2):
        assert party.token("client_credentials").status == 200
    return party


def page(client: Client, action: str = "change") -> str:
    return f"/admin/oauth/client/{client.pk}/{action}/"


def test_an_application_shows_its_clients_each_with_its_page(admin: Browser) -> None:
    application = make.application()
    made = [consent.client(application, name=f"Till {number}") for number in range(3)]
    for _ in range(2):
        make.key(application)
    shown = admin.get(
        reverse("admin:applications_application_change", args=[quote(application.pk)])
    ).content.decode()
    for one in made:
        assert one.name in shown
        assert one.client_id in shown
        assert page(one) in shown


def test_an_operator_ends_all_tokens_of_one_client_and_says_why(
    party: oauth.Party, admin: Browser, operator: User
) -> None:
    other = oauth.confidential(party.client.application)
    assert other.token("client_credentials").status == 200
    assert "end-tokens" in admin.get(page(party.client)).content.decode()
    admin.post(page(party.client, "end-tokens"), {"reason": " "})
    assert AccessToken.objects.usable().count() == 3
    admin.post(page(party.client, "end-tokens"), {"reason": "It was seen in a botnet."})
    assert [token.application for token in AccessToken.objects.usable()] == [other.client]
    assert not RefreshToken.objects.filter(application=party.client, revoked=None).exists()
    said = Event.objects.get(type="client.tokens_ended")
    assert (said.actor, said.subject) == (operator.pk, str(party.client.pk))
    assert said.data["reason"] == "It was seen in a botnet."
    assert Event.objects.filter(type="token.revoked").count() == 1
    [mail] = Message.objects.all()
    assert "All tokens of" in mail.subject
    assert "It was seen in a botnet." in mail.text
    assert party.token("client_credentials").status == 200, "the client itself works on"


def test_who_only_looks_ends_nothing(party: oauth.Party) -> None:
    looker = make.user(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_client"))
    browser = browsers.of(looker)
    shown = browser.get(page(party.client))
    assert shown.status_code == 200
    assert "end-tokens" not in shown.content.decode()
    assert browser.post(page(party.client, "end-tokens"), {"reason": "No."}).status_code == 403
    assert AccessToken.objects.usable().count() == 2
