"""Settings, sessions, the outbox, and documents."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from apps.notifications.models import Message
from apps.orgs.models import Organization
from portal import library
from tests.portal.conftest import Team


def test_a_person_and_a_team_can_be_renamed(browser: Client, team: Team) -> None:
    browser.post(reverse("portal:settings"), {"name": "Ada Lovelace"})
    browser.post(reverse("portal:settings-organization"), {"organization-name": "Engines"})
    team.developer.refresh_from_db()
    team.organization.refresh_from_db()
    assert team.developer.name == "Ada Lovelace"
    assert team.organization.name == "Engines"


def test_a_team_keeps_its_name_when_the_new_one_is_empty(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:settings-organization"), {"organization-name": ""})
    assert answer.context["organization_form"].errors["name"]
    team.organization.refresh_from_db()
    assert team.organization.name == "Bicycle Shop"


def test_signing_out_everywhere_ends_only_ones_own_sessions(
    browser: Client, newcomer: Client, team: Team
) -> None:
    elsewhere = Client()
    elsewhere.force_login(team.developer)
    browser.post(reverse("portal:settings-sign-out"))
    assert browser.get(reverse("portal:keys")).status_code == 302
    assert elsewhere.get(reverse("portal:keys")).status_code == 302
    assert newcomer.get(reverse("portal:keys")).status_code == 200


def test_the_outbox_shows_a_code_to_copy(db: None, client: Client) -> None:
    kept = Message.objects.create(
        recipients=["ada@example.com"],
        sender="Acme <developers@acme.example>",
        subject="Your code",
        text="Hello\n\nTXK4-79MB\n\nBye",
    )
    assert "Your code" in client.get(reverse("portal:outbox")).content.decode()
    answer = client.get(reverse("portal:outbox-detail", args=[kept.pk]))
    assert answer.context["code"] == "TXK4-79MB"


def test_there_is_no_outbox_outside_of_the_box(
    db: None, client: Client, settings: Settings
) -> None:
    settings.OUTBOX = False
    assert client.get(reverse("portal:outbox")).status_code == 404
    assert not mail.outbox


@pytest.mark.parametrize("code", [page.code for page in library.errors()])
def test_every_code_has_a_page(db: None, client: Client, code: str) -> None:
    answer = client.get(reverse("portal:error", args=[code]))
    assert answer.status_code == 200
    assert code in answer.content.decode()


@pytest.mark.parametrize("slug", [guide.slug for guide in library.guides()])
def test_every_guide_opens_with_the_readers_own_key(
    browser: Client, client: Client, team: Team, slug: str
) -> None:
    mine = browser.get(reverse("portal:docs-guide", args=[slug])).content.decode()
    anyones = client.get(reverse("portal:docs-guide", args=[slug])).content.decode()
    assert team.secret not in anyones
    assert (team.secret in mine) == ("$KEY" in anyones)


@pytest.mark.parametrize("source", ["", ".md"])
@pytest.mark.parametrize("slug", [guide.slug for guide in library.guides()])
def test_a_guide_names_the_addresses_of_this_installation(
    db: None, client: Client, settings: Settings, slug: str, source: str
) -> None:
    settings.API_URL, settings.PORTAL_URL = "https://api.acme.example", "https://acme.example"
    text = client.get(f"/docs/{slug}{source}").content.decode()
    assert "localhost:80" not in text


def test_an_unknown_guide_or_code_is_not_found(db: None, client: Client) -> None:
    assert client.get("/docs/how-to-fly").status_code == 404
    assert client.get("/docs/errors/too_lazy").status_code == 404


def test_the_probe_answers(db: None, client: Client) -> None:
    assert client.get(reverse("portal:healthz")).json() == {"status": "ok"}


def test_a_team_is_renamed_by_its_own_people_only(
    team: Team, newcomer: Client, stranger: User
) -> None:
    newcomer.post(reverse("portal:settings-organization"), {"organization-name": "Strangers"})
    team.organization.refresh_from_db()
    assert team.organization.name == "Bicycle Shop"
    assert Organization.objects.visible_to(stranger).get().name == "Strangers"


def test_outside_of_the_box_no_mail_opens_either(
    db: None, client: Client, settings: Settings
) -> None:
    kept = Message.objects.create(
        recipients=["ada@example.com"], sender="Acme <a@acme.example>", subject="Code", text="TXK4"
    )
    settings.OUTBOX = False
    assert client.get(reverse("portal:outbox-detail", args=[kept.pk])).status_code == 404
