"""Pages and mails about one's own account: in our look and words, and no more than needed."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from zeal import zeal_ignore

from apps.accounts.models import User
from portal.account_urls import urlpatterns
from portal.views.outbox import CODE
from tests.portal.conftest import Team
from tests.portal.test_pages import INLINE
from tests.support import browsers

OLD, NEW = "correct-horse-9x", "battery-staple-7y"
OPEN = [
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
]
MINE = ["account_logout", "account_email", "account_change_password"]
TITLE_CASE = re.compile(r"<(?:h1|h2|button)[^>]*>\s*(?:[A-Z][a-z]+\s+){1,3}[A-Z][a-z]+\s*</")


@pytest.fixture
def person(team: Team) -> User:
    """The developer, with a password and a proved address."""
    person = team.developer
    person.set_password(OLD)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    return person


def newest() -> EmailMessage:
    return mail.outbox[-1]


@pytest.mark.parametrize("name", OPEN)
def test_a_page_for_everybody_is_in_our_look(db: None, client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "/static/css/portal" in page
    assert not INLINE.search(page)
    assert not TITLE_CASE.search(page)


@pytest.mark.parametrize("name", MINE)
def test_a_page_of_ones_own_is_in_our_look(browser: Client, person: User, name: str) -> None:
    browsers.sign_in(browser, person)
    answer = browser.get(reverse(name))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'aria-label="Main"' in page
    assert not INLINE.search(page)
    assert not TITLE_CASE.search(page)


@pytest.mark.parametrize(
    "path", ["login/code/", "login/code/confirm/", "password/reset/confirm/", "2fa/trust/"]
)
def test_what_is_of_no_use_is_not_there(db: None, client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404
    assert all(path != str(pattern.pattern) for pattern in urlpatterns)


def test_a_forgotten_password_is_replaced_by_the_link_in_a_mail(
    client: Client, person: User
) -> None:
    asked = client.post(reverse("account_reset_password"), {"email": person.email})
    assert asked["Location"] == reverse("account_reset_password_done")
    [link] = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", str(newest().body))
    page = client.get(link, follow=True)
    assert "Set a new password" in page.content.decode()
    form = {"password1": NEW, "password2": NEW}
    done = client.post(page.request["PATH_INFO"], form)
    assert done["Location"] == reverse("account_reset_password_from_key_done")
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert newest().subject == "Your password at Acme was changed"
    assert "This link no longer works" in client.get(link, follow=True).content.decode()


def test_a_changed_password_is_told_by_mail(client: Client, person: User) -> None:
    browsers.sign_in(client, person)
    form = {"oldpassword": OLD, "password1": NEW, "password2": NEW}
    answer = client.post(reverse("account_change_password"), form)
    assert answer["Location"] == reverse("portal:settings")
    assert newest().to == [person.email]
    assert newest().subject == "Your password at Acme was changed"
    assert "example.com" not in str(newest().body).replace(person.email, "")


def test_an_unknown_address_is_told_so_by_mail_only(db: None, client: Client) -> None:
    answer = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert answer["Location"] == reverse("account_reset_password_done")
    assert newest().subject == "There is no account at Acme for this address"
    assert reverse("account_signup") in str(newest().body)


def test_a_new_address_replaces_the_old_one_once_it_is_proved(client: Client, person: User) -> None:
    old = person.email
    browsers.sign_in(client, person)
    form = {"email": "new@example.org", "action_add": ""}
    asked = client.post(reverse("account_email"), form)
    assert asked["Location"] == reverse("account_email_verification_sent")
    person.refresh_from_db()
    assert person.email == old
    code = str(newest().subject).rpartition(" ")[2]
    client.post(reverse("account_email_verification_sent"), {"code": "AAAA-AAAA"})
    person.refresh_from_db()
    assert person.email == old
    with zeal_ignore([{"model": "account.EmailAddress", "field": "get()"}]):  # allauth asks twice
        done = client.post(reverse("account_email_verification_sent"), {"code": code})
    assert done["Location"] == reverse("portal:settings")
    person.refresh_from_db()
    assert person.email == "new@example.org"
    assert newest().to == [old], "the old address hears of it"
    assert newest().subject == "Your address at Acme was changed"


def test_a_code_can_be_sent_again_or_to_another_address(db: None, client: Client) -> None:
    form = {"email": "zed@example.org", "password1": OLD, "terms": "on"}
    page = client.post(reverse("account_signup"), form, follow=True).content.decode()
    assert "Send a new code" in page
    client.post(
        reverse("account_email_verification_sent"), {"action": "change", "email": "zoe@example.org"}
    )
    assert newest().to == ["zoe@example.org"]


def test_who_just_signed_up_is_not_asked_for_the_password_again(client: Client, team: Team) -> None:
    form = {"email": "bob@example.org", "password1": "Correct-horse-9", "terms": "on"}
    client.post(reverse("account_signup"), form)
    assert client.get(reverse("account_change_password"))["Location"].startswith("/accounts/login/")
    code = CODE.search(str(newest().body))
    assert code
    with zeal_ignore():
        client.post(reverse("account_email_verification_sent"), {"code": code[1]})
    assert client.get(reverse("mfa_add_webauthn")).status_code == 200


def test_who_cannot_sign_in_is_told_whom_to_ask(
    db: None, client: Client, settings: Settings
) -> None:
    settings.BRAND = {**settings.BRAND, "mail_from": "Zenith <help@zenith.example>"}
    for name in ("account_inactive", "account_reset_password_done"):
        assert 'href="mailto:help@zenith.example"' in client.get(reverse(name)).content.decode()


def test_the_sign_up_says_in_one_sentence_what_a_password_is_like(db: None, client: Client) -> None:
    page = client.get(reverse("account_signup")).content.decode()
    assert "At least 10 characters; not a common one" in page
    assert f'href="{reverse("portal:terms")}" target="_blank">terms of service</a>' in page
    assert "placeholder" not in page


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_a_way_back_that_is_no_address_breaks_no_page(db: None, client: Client, name: str) -> None:
    assert client.get(reverse(name), {"next": "http://["}).status_code == 200


def test_a_proof_for_a_page_that_is_no_address_can_still_be_given(browser: Client) -> None:
    with zeal_ignore():
        answer = browser.get(reverse("account_reauthenticate"), {"next": "http://["})
    assert answer.status_code == 200
