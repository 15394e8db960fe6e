"""A stolen password alone opens no admin: the first factor of staff takes their mail."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from time_machine import TimeMachineFixture
from zeal import zeal_ignore

from apps.accounts.models import User
from apps.core import clock
from apps.events.models import Event
from apps.notifications.models import Message
from portal import mailed
from tests.support import browsers, make

APP, PASSKEY, ADDRESS = (
    reverse(name) for name in ("mfa_activate_totp", "mfa_add_webauthn", "account_email")
)
CODE = reverse("portal:settings-code")


@pytest.fixture
def operator(db: None) -> User:
    user = make.operator()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def thief(operator: User) -> Client:
    """Whoever signed in with the password of the operator a moment ago."""
    return browsers.of(operator)


def codes(to: User) -> list[str]:
    """Return the codes that were mailed, the newest last."""
    mails = Message.objects.filter(recipients=[to.email], subject__startswith="Your code")
    found = [re.findall(r"^([A-Z0-9-]{6,})$", one.text, re.MULTILINE) for one in mails]
    return [code for [code] in found]


def ask_for_code(browser: Client, *, wanted: str = APP) -> str:
    sent = browser.get(wanted)
    assert sent.status_code == 302
    browser.post(sent["Location"], {"action": "send"})
    return str(sent["Location"])


def activate(browser: Client, ahead: int = 0) -> Any:
    page = browser.get(APP)
    secret = page.context["form"].secret
    step = int(clock.real().timestamp()) // 30 + ahead
    return browser.post(APP, {"code": format_hotp_value(hotp_value(secret, step))})


@pytest.mark.parametrize("address", [APP, PASSKEY, ADDRESS])
def test_a_password_alone_adds_no_first_factor_and_moves_no_address(
    address: str, thief: Client, operator: User
) -> None:
    for method in ("get", "post"):
        answer = getattr(thief, method)(address, {"action_add": "", "email": "thief@example.org"})
        assert answer["Location"].startswith(f"{CODE}?next=")
    assert not Authenticator.objects.exists()
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [operator.email]
    assert not Message.objects.exists(), "nothing is sent before it is asked for"


@pytest.mark.django_db(transaction=True)
def test_the_code_of_the_mail_lets_staff_add_one_and_a_mail_says_so(
    thief: Client, operator: User, mailoutbox: list[EmailMessage]
) -> None:
    there = ask_for_code(thief)
    [code] = codes(operator)
    assert code not in thief.get(there).content.decode()
    back = thief.post(there, {"code": f" {code.lower()} "})
    assert back["Location"].startswith(APP)
    with zeal_ignore():  # allauth looks twice for factors that are there
        activate(thief)
    assert Authenticator.objects.filter(user=operator, type="totp").exists()
    [told] = [mail for mail in mailoutbox if "authenticator app" in mail.subject]
    assert told.to == [operator.email]


def test_a_wrong_code_proves_nothing_and_few_are_tried(thief: Client, operator: User) -> None:
    there = ask_for_code(thief)
    [code] = codes(operator)
    for _ in range(mailed.TRIES):
        assert b"That is not the code" in thief.post(there, {"code": "BCDF-GHJK"}).content
    assert b"That is not the code" in thief.post(there, {"code": code}).content
    assert thief.get(APP).status_code == 302


def test_a_code_is_good_once_and_for_a_quarter_of_an_hour(
    thief: Client, operator: User, time_machine: TimeMachineFixture
) -> None:
    there = ask_for_code(thief)
    [code] = codes(operator)
    assert thief.post(there, {"code": code}).status_code == 302
    assert b"That is not the code" in thief.post(there, {"code": code}).content
    thief.post(there, {"action": "send"})
    time_machine.move_to(clock.real() + timedelta(seconds=mailed.GOOD + 1))
    browsers.prove(thief, operator)
    assert thief.get(APP)["Location"].startswith(CODE), "the proof has aged"
    assert b"That is not the code" in thief.post(there, {"code": codes(operator)[-1]}).content


def test_a_code_of_one_is_nothing_to_another(thief: Client, operator: User) -> None:
    ask_for_code(thief)
    other = browsers.of(make.operator())
    there = ask_for_code(other)
    assert b"That is not the code" in other.post(there, {"code": codes(operator)[0]}).content


def test_a_proof_holds_for_the_address_that_read_the_mail(thief: Client, operator: User) -> None:
    there = ask_for_code(thief)
    thief.post(there, {"code": codes(operator)[0]})
    assert thief.get(APP).status_code == 200
    User.objects.filter(pk=operator.pk).update(email="moved@example.org")
    assert thief.get(APP)["Location"].startswith(CODE)


def test_an_hour_has_few_codes(thief: Client, operator: User) -> None:
    there = ask_for_code(thief)
    for _ in range(mailed.MAILS + 2):
        thief.post(there, {"action": "send"})
    assert len(codes(operator)) == mailed.MAILS


def test_the_way_back_leads_nowhere_else(thief: Client, operator: User) -> None:
    ask_for_code(thief)
    back = thief.post(f"{CODE}?next=https://evil.example/", {"code": codes(operator)[0]})
    assert back["Location"] == reverse("mfa_index")


def test_who_has_a_factor_and_who_is_no_staff_reads_no_mail(
    thief: Client, operator: User, developer: User, settings: Settings
) -> None:
    assert browsers.of(developer).get(APP).status_code == 200
    settings.ADMIN_MFA = False  # the admin opens with a password, so a factor guards nothing yet
    assert thief.get(APP).status_code == 200
    settings.ADMIN_MFA = True
    TOTP.activate(operator, generate_totp_secret())
    assert thief.get(PASSKEY).status_code == 200


def test_nobody_moves_the_address_of_staff_who_never_signed_in(client: Client, db: None) -> None:
    operator = make.operator()
    with zeal_ignore():  # allauth looks an address up more than once
        credentials = {"login": operator.email, "password": make.PASSWORD}
        sent = client.post(reverse("account_login"), credentials)
        page = client.post(sent["Location"], {"action": "change", "email": "thief@example.org"})
    assert b"Another operator corrects the address of staff" in page.content
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()
    assert not Message.objects.filter(recipients=["thief@example.org"]).exists()


def test_an_operator_at_the_machine_resets_factors(
    operator: User, thief: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    TOTP.activate(operator, generate_totp_secret())
    call_command("reset_factors", operator.email.upper(), "--password")
    operator.refresh_from_db()
    assert (
        f"{operator.email}: second factors removed (totp), signed out." in capsys.readouterr().out
    )
    assert not Authenticator.objects.exists()
    assert not operator.has_usable_password()
    assert thief.get(reverse("mfa_index"))["Location"].startswith(reverse("account_login"))
    assert Event.objects.get(type="account.factors_reset").data["factors"] == ["totp"]
    assert "were removed" in Message.objects.get(recipients=[operator.email]).subject


def test_a_reset_keeps_the_password_unless_told(operator: User) -> None:
    call_command("reset_factors", operator.email)
    operator.refresh_from_db()
    assert operator.check_password(make.PASSWORD)
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("reset_factors", "nobody@example.org")


def test_an_address_that_cannot_be_taken_is_said_where_it_was_typed(
    client: Client, db: None
) -> None:
    newcomer = make.user()
    with zeal_ignore():  # as above
        credentials = {"login": newcomer.email, "password": make.PASSWORD}
        sent = client.post(reverse("account_login"), credentials)
        page = client.post(sent["Location"], {"action": "change", "email": "no address"})
    assert page.status_code == 200
    assert "Enter a valid email address" in page.content.decode()
