"""A developer makes OAuth clients, exchanges their secrets, and looks at what people will see."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from PIL import Image

from apps.applications.models import Application, Logo
from apps.core import clock, ids
from apps.events.models import Event
from apps.oauth import client_secrets, families, registration
from apps.oauth.models import AccessToken, Client, ClientSecret, Consent, InitialToken
from apps.orgs.models import Role
from tests.portal.conftest import Team
from tests.support import browsers, consent, make, oauth

FIELDS: dict[str, Any] = {
    "name": "Ledger",
    "environment": "sandbox",
    "authentication": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token"],
    "redirect_uris": "https://client.example/cb\nhttp://127.0.0.1/cb",
    "token_format": "opaque",
    "id_token_algorithm": "RS256",
}


@pytest.fixture
def client_of_team(team: Team) -> Client:
    return consent.client(team.application)


def made(answer: Any) -> str:
    found = re.search(r"trl_test_c\w{38}", answer.content.decode())
    assert found, answer.content.decode()[:3000]
    return found[0]


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 300)) -> SimpleUploadedFile:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, kind)
    return SimpleUploadedFile("logo", written.getvalue(), f"image/{kind.lower()}")


def test_who_changes_nothing_reads_what_a_client_is_set_to(
    client_of_team: Client, team: Team
) -> None:
    auditor = make.user()
    team.organization.memberships.create(user=auditor, role=Role.AUDITOR)
    address = reverse("portal:applications-client", args=[client_of_team.client_id])
    page = browsers.of(auditor).get(address).content.decode()
    assert "Developers change it." in page
    assert client_of_team.redirect_uris.split()[0] in page
    assert "all of its application" in page
    assert "Save changes" not in page


def test_a_new_client_shows_its_secret_once(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-oauth-new", args=[team.application.pk])
    answer = browser.post(address, FIELDS)
    secret = made(answer)
    client = Client.objects.get()
    assert client_secrets.check(client, secret)
    assert client.redirect_uris.split() == ["https://client.example/cb", "http://127.0.0.1/cb"]
    assert "no-store" in answer["Cache-Control"]
    page = browser.get(reverse("portal:applications-client", args=[client.client_id]))
    assert secret not in page.content.decode()
    assert secret[-4:] in page.content.decode()


def test_a_public_client_has_no_secret(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-oauth-new", args=[team.application.pk])
    browser.post(address, {**FIELDS, "authentication": "none"})
    client = Client.objects.get()
    assert client.is_public
    assert not client.secrets.exists()


def test_each_wrong_address_is_named_with_its_reason(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-oauth-new", args=[team.application.pk])
    wrong = "http://client.example/cb\nhttps://client.example/#x\nhttps://*.client.example/cb"
    answer = browser.post(address, {**FIELDS, "redirect_uris": wrong})
    assert [error.split(": ")[0] for error in answer.context["form"].errors["redirect_uris"]] == [
        *wrong.split()
    ]
    assert not Client.objects.exists()


def test_all_that_is_wrong_is_said_at_once(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-oauth-new", args=[team.application.pk])
    wrong = {
        **FIELDS,
        "name": "",
        "environment": "live",
        "authentication": "private_key_jwt",
        "redirect_uris": "http://client.example/cb",
        "ip_allow": "everywhere",
        "backchannel_logout_uri": "http://client.example/bye",
    }
    form = browser.post(address, wrong).context["form"]
    assert set(form.errors) == {
        "name",
        "environment",
        "redirect_uris",
        "jwks",
        "ip_allow",
        "backchannel_logout_uri",
    }
    assert form.errors["name"] == ["This field is required."], "each is told once"
    assert not Client.objects.exists()


def test_rare_fields_are_folded_until_one_is_set_or_wrong(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    new = reverse("portal:applications-oauth-new", args=[team.application.pk])
    old = reverse("portal:applications-client", args=[client_of_team.client_id])
    for address in (new, old):
        form = browser.get(address).context["form"]
        assert not form.shows_rare
        assert {*form.usual, *form.rare} == {*form}
    assert browser.post(new, {**FIELDS, "ip_allow": "everywhere"}).context["form"].shows_rare
    browser.post(old, {**FIELDS, "token_format": "jwt"})
    assert browser.get(old).context["form"].shows_rare


def test_a_live_client_needs_an_approved_application(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-oauth-new", args=[team.application.pk])
    answer = browser.post(address, {**FIELDS, "environment": "live"})
    assert "Submit it for review" in answer.content.decode()
    assert not Client.objects.exists()


def test_a_client_can_be_changed_and_keeps_its_environment(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    address = reverse("portal:applications-client", args=[client_of_team.client_id])
    changed = {**FIELDS, "name": "Books", "environment": "live", "dpop_required": "on"}
    browser.post(address, changed)
    client_of_team.refresh_from_db()
    assert (client_of_team.name, client_of_team.dpop_required) == ("Books", True)
    assert client_of_team.environment == "sandbox"


def test_a_client_is_narrowed_by_ticking_and_widened_by_ticking_none(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    make.scopes("orders:read", "orders:write")
    address = reverse("portal:applications-client", args=[client_of_team.client_id])
    browser.post(address, {**FIELDS, "scopes": ["orders:read"]})
    client_of_team.refresh_from_db()
    assert client_of_team.scopes == ["orders:read"]
    page = browser.get(address)
    assert page.context["form"].initial["scopes"] == ["orders:read"]
    browser.post(address, FIELDS)
    client_of_team.refresh_from_db()
    assert client_of_team.scopes == []


def test_a_client_whose_only_scope_was_withdrawn_is_not_widened_unseen(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    Client.objects.update(scopes=["orders:fly"])
    address = reverse("portal:applications-client", args=[client_of_team.client_id])
    shown = browser.get(address).content.decode()
    assert 'value="orders:fly"' in shown
    answer = browser.post(address, {**FIELDS, "scopes": ["orders:fly"]})
    assert answer.context["form"].errors["scopes"] == ["There is no scope orders:fly."]
    client_of_team.refresh_from_db()
    assert client_of_team.scopes == ["orders:fly"]


def test_a_new_secret_lets_the_old_ones_run_out(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    old, text = client_secrets.add_secret(client_of_team, actor=team.developer)
    address = reverse("portal:applications-client-secret", args=[client_of_team.client_id])
    fresh = made(browser.post(address, {"overlap": "24", "life": "90"}))
    old.refresh_from_db()
    assert old.expires_at is not None
    assert client_secrets.check(client_of_team, text)
    assert client_secrets.check(client_of_team, fresh)
    browser.post(
        reverse("portal:applications-client-secret-revoke", args=[client_of_team.client_id, old.pk])
    )
    assert not client_secrets.check(client_of_team, text)
    assert client_secrets.check(client_of_team, fresh)


def test_who_exchanges_a_secret_sees_which_one_living_tokens_came_from(
    browser: Browser, team: Team
) -> None:
    old = oauth.confidential(team.application)
    _, text = client_secrets.add_secret(old.client, actor=team.developer)
    fresh = oauth.Party(old.client, text)
    for party in (old, old, old, fresh):
        assert party.token("client_credentials").status == 200
    dead = AccessToken.objects.earliest("pk")
    families.revoke_access_token(dead, reason="test", actor=None)
    page = browser.get(reverse("portal:applications-client", args=[old.client.client_id]))
    words = " ".join(page.content.decode().split())
    assert words.count("2 tokens alive") == 1
    assert words.count("1 token alive") == 1
    families.revoke_access_token(AccessToken.objects.latest("pk"), reason="test", actor=None)
    ClientSecret.objects.update(last_used_at=clock.real())
    page = browser.get(reverse("portal:applications-client", args=[old.client.client_id]))
    words = " ".join(page.content.decode().split())
    assert words.count("2 tokens alive") == 1
    assert words.count("no token alive") == 1, "what the other secret brought has all ended"


def test_deleting_asks_once_and_takes_consents_with_it(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    consent.allow(browser, consent.ask(browser, client_of_team), team.developer)
    address = reverse("portal:applications-client-delete", args=[client_of_team.client_id])
    assert "Delete “Ledger”?" in browser.get(address).content.decode()
    assert Client.objects.exists()
    browser.post(address)
    assert not Client.objects.exists()
    assert not Consent.objects.exists()


def test_the_preview_is_the_consent_page_and_answers_nothing(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    Application.objects.update(requested_scopes=["orders:read"])
    address = reverse("portal:applications-client-consent", args=[client_of_team.client_id])
    page = browser.get(address).content.decode()
    assert "Let Ledger act for you?" in page
    assert "orders:read" in page
    assert "<fieldset disabled>" in page


def test_the_preview_says_why_it_asks_for_nobodys_data(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    address = reverse("portal:applications-client-consent", args=[client_of_team.client_id])
    hint = "Its application asks for no scope yet"
    page = browser.get(address).content.decode()
    assert hint in page
    assert reverse("portal:applications-scopes", args=[team.application.pk]) in page
    Application.objects.update(requested_scopes=["orders:read"])
    assert hint not in browser.get(address).content.decode()


PAGES = [
    ("applications-oauth", "application"),
    ("applications-oauth-new", "application"),
    ("applications-oauth-tokens", "application"),
    ("applications-scopes", "application"),
    ("applications-client", "client"),
    ("applications-client-consent", "client"),
    ("applications-client-delete", "client"),
]


@pytest.mark.parametrize(("name", "what"), PAGES)
def test_a_strangers_client_is_the_404_of_a_random_id(
    newcomer: Browser, browser: Browser, client_of_team: Client, *, name: str, what: str
) -> None:
    real = client_of_team.application_id if what == "application" else client_of_team.client_id
    assert browser.get(reverse(f"portal:{name}", args=[real])).status_code == 200
    random = ids.new("app" if what == "application" else "cli")
    theirs = newcomer.get(reverse(f"portal:{name}", args=[real]))
    nobodys = newcomer.get(reverse(f"portal:{name}", args=[random]))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content


def test_a_stranger_changes_nothing(newcomer: Browser, team: Team, client_of_team: Client) -> None:
    secret, _text = client_secrets.add_secret(client_of_team, actor=team.developer)
    of = client_of_team.client_id
    for address in (
        reverse("portal:applications-client", args=[of]),
        reverse("portal:applications-client-delete", args=[of]),
        reverse("portal:applications-client-secret", args=[of]),
        reverse("portal:applications-client-secret-revoke", args=[of, secret.pk]),
        reverse("portal:applications-logo", args=[team.application.pk]),
        reverse("portal:applications-scopes", args=[team.application.pk]),
    ):
        assert newcomer.post(address, FIELDS).status_code == 404
    assert Client.objects.get().name == "Ledger"
    assert ClientSecret.objects.get().revoked_at is None


def test_another_clients_secret_is_not_found(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    other = consent.client(make.application())
    secret, _text = client_secrets.add_secret(other, actor=None)
    address = reverse(
        "portal:applications-client-secret-revoke", args=[client_of_team.client_id, secret.pk]
    )
    assert browser.post(address).status_code == 404
    secret.refresh_from_db()
    assert secret.revoked_at is None


def test_scopes_are_asked_for_and_some_may_be_left_out(browser: Browser, team: Team) -> None:
    make.scopes("orders:read", "orders:write")
    address = reverse("portal:applications-scopes", args=[team.application.pk])
    browser.post(
        address, {"scopes": ["orders:read", "orders:write"], "optional": ["orders:write", "email"]}
    )
    team.application.refresh_from_db()
    assert team.application.requested_scopes == ["orders:read", "orders:write"]
    assert team.application.optional_scopes == ["email", "orders:write"]
    assert team.application.approved_scopes == []
    answer = browser.post(address, {"scopes": ["orders:read"], "optional": ["orders:write"]})
    assert answer.context["form"].errors["optional"]


def test_a_logo_is_drawn_anew_and_served_as_nothing_but_a_picture(
    browser: Browser, client: Browser, team: Team
) -> None:
    address = reverse("portal:applications-logo", args=[team.application.pk])
    for kind in ("PNG", "JPEG", "WEBP"):
        browser.post(address, {"logo": picture(kind)})
    logo = Logo.objects.get()
    shown = client.get(reverse("portal:logo", args=[team.application.pk, logo.digest]))
    with Image.open(io.BytesIO(shown.content)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (256, 256))
    assert shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in shown["Cache-Control"]
    other = client.get(reverse("portal:logo", args=[team.application.pk, "0" * 64]))
    assert other.status_code == 404
    browser.post(address, {"remove": "yes"})
    assert not Logo.objects.exists()


def test_what_is_no_picture_is_refused_with_a_sentence(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-logo", args=[team.application.pk])
    for upload in (
        SimpleUploadedFile("x.svg", b"<svg onload='alert(1)'/>", "image/png"),
        SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "image/png"),
        SimpleUploadedFile("x.png", b"", "image/png"),
        SimpleUploadedFile("x.png", b"\0" * (2 * 1024**2 + 1), "image/png"),
    ):
        answer = browser.post(address, {"logo": upload}, follow=True)
        assert answer.status_code == 200
    assert not Logo.objects.exists()


def test_an_initial_access_token_is_shown_once(browser: Browser, team: Team) -> None:
    address = reverse("portal:applications-oauth-tokens", args=[team.application.pk])
    answer = browser.post(address, {"uses": "2", "days": "7"})
    [shown] = re.findall(r">(trl_\w+_i\w{38})<", answer.content.decode())
    token = InitialToken.objects.get()
    assert (token.uses_left, token.hint) == (2, shown[-4:])
    assert shown not in browser.get(address).content.decode()
    for wrong in ({"uses": "0", "days": "7"}, {"uses": "2", "days": "4000"}, {}):
        assert browser.post(address, wrong).context["form"].errors
    assert InitialToken.objects.count() == 1


def test_an_initial_access_token_is_revoked_by_its_own_team_only(
    browser: Browser, team: Team
) -> None:
    def token_of(application: Application) -> InitialToken:
        ends = clock.real() + timedelta(days=1)
        return registration.issue_initial_token(application, expires_at=ends, actor=team.developer)[
            0
        ]

    mine, theirs = token_of(team.application), token_of(make.application())
    address = reverse("portal:applications-oauth-tokens", args=[team.application.pk])
    assert browser.post(address, {"revoke": theirs.pk}).status_code == 404
    for _ in range(2):
        browser.post(address, {"revoke": mine.pk})
    left = dict(InitialToken.objects.values_list("pk", "uses_left"))
    assert left == {mine.pk: 0, theirs.pk: 1}
    assert mine.hint not in browser.get(address).content.decode()
    event = Event.objects.get(type="initial_token.revoked")
    assert (event.subject, event.actor) == (mine.pk, team.developer.pk)


def test_a_client_is_bound_to_addresses_which_are_written_in_one_way(
    browser: Browser, team: Team, client_of_team: Client
) -> None:
    address = reverse("portal:applications-client", args=[client_of_team.client_id])
    browser.post(address, FIELDS | {"ip_allow": "203.0.113.7/24, 2001:db8::1"})
    client_of_team.refresh_from_db()
    assert client_of_team.ip_allow == ["203.0.113.0/24", "2001:db8::1/128"]
    assert "203.0.113.0/24, 2001:db8::1/128" in browser.get(address).content.decode()
    refused = browser.post(address, FIELDS | {"ip_allow": "nonsense"})
    assert "ip_allow" in refused.context["form"].errors
    client_of_team.refresh_from_db()
    assert len(client_of_team.ip_allow) == 2
    browser.post(address, FIELDS | {"ip_allow": ""})
    client_of_team.refresh_from_db()
    assert client_of_team.ip_allow == []
