"""What hostile visitors try at the portal."""

import os
import pickle
from unittest.mock import patch

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from zeal import zeal_ignore

from apps.accounts import services as accounts
from apps.accounts.models import Acceptance, User
from apps.core import valkey
from apps.orgs.models import Organization
from portal.views.outbox import CODE
from tests.portal.conftest import Team
from tests.support import make, traffic


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/usage.csv?by=a%0d%0aX-Mine:%201", 404),
        ("/usage?days=" + "9" * 5000, 200),
        ("/usage?days=%D9%A3%D9%A0", 200),
        ("/logs?after=%00", 200),
        ("/logs?after=req_0352HsUDguif47a4fzrB2I", 200),
        ("/logs?after=app_0352HsUDguif47a4fzrB2I", 200),
        ("/logs?after=req_7777777777777777777777", 200),
        ("/start/first?since=0001-01-01T00:00:00%2B23:59", 200),
        ("/start/first?since=9999-12-31T23:59:59-23:59", 200),
    ],
)
def test_nonsense_in_a_query_breaks_no_page(
    browser: Client, team: Team, address: str, status: int
) -> None:
    make.application(team.organization)  # with two, the log is a union
    assert browser.get(address).status_code == status


def test_signing_up_with_a_known_address_costs_as_much_as_with_a_new_one(
    client: Client, team: Team
) -> None:
    hashed = []
    form = {"name": "", "password1": "Correct-horse-9", "terms": "on"}
    with patch.object(hashers.get_hasher(), "encode", wraps=hashers.get_hasher().encode) as encode:
        for email in (team.developer.email, "new@example.com"):
            answer = client.post(reverse("account_signup"), form | {"email": email})
            assert answer["Location"] == reverse("account_email_verification_sent")
            hashed.append(encode.call_count)
            encode.reset_mock()
            client.logout()
    assert hashed[0] == hashed[1] == 1


def test_who_is_slowed_down_is_told_so_in_the_portals_look(client: Client, team: Team) -> None:
    form = {
        "email": team.developer.email,
        "name": "",
        "password1": "Correct-horse-9",
        "terms": "on",
    }
    client.post(reverse("account_signup"), form)
    client.logout()
    answer = client.post(reverse("account_signup"), form)
    assert answer.status_code == 429
    assert "Wait three minutes" in answer.content.decode()
    assert "css/portal.css" in answer.content.decode()


def test_staff_see_others_requests_only_as_far_as_the_admin_would_let_them_in(
    client: Client, team: Team, settings: Settings
) -> None:
    made = traffic.serve(team.key)
    staff = make.user(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_request"))
    client.force_login(staff)
    settings.ADMIN_MFA = False
    assert client.get(reverse("portal:logs-detail", args=[made])).status_code == 200
    settings.ADMIN_MFA = True
    assert client.get(reverse("portal:explain", args=[made])).status_code == 404
    refused = client.get(reverse("portal:logs-detail", args=[made]))
    assert refused.status_code == 404
    assert team.key.name not in refused.content.decode()


def test_a_poisoned_cache_runs_nothing_and_signs_nobody_out(browser: Client, team: Team) -> None:
    class Poison:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, ("__import__('os').environ.update(POISONED='yes')",)

    browser.get(reverse("portal:keys"))
    store = valkey.client()
    session = str(browser.session.session_key)
    (kept,) = [name for name in store.keys("trl:django:*") if session in str(name)]
    store.set(kept, pickle.dumps(Poison()))
    assert browser.get(reverse("portal:keys")).status_code == 200
    assert "POISONED" not in os.environ


def test_no_cache_keeps_a_page_with_the_readers_key(
    browser: Client, client: Client, team: Team
) -> None:
    address = reverse("portal:docs-guide", args=["quickstart"])
    page = browser.get(address)
    assert team.secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert "no-store" not in client.get(address).get("Cache-Control", "")


def test_a_form_of_another_site_changes_nothing(team: Team) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(team.developer)
    address = reverse("portal:keys-revoke", args=[team.key.pk])
    assert browser.post(address).status_code == 403
    team.key.refresh_from_db()
    assert team.key.revoked_at is None
    browser.get(address)
    token = browser.cookies["csrftoken"].value
    browser.post(address, {"csrfmiddlewaretoken": token})
    team.key.refresh_from_db()
    assert team.key.revoked_at is not None


def test_a_page_may_load_and_reach_what_is_ours_and_nothing_else(
    client: Client, db: None, settings: Settings
) -> None:
    answer = client.get(reverse("portal:landing"))
    policy = dict(part.split(" ", 1) for part in answer["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": f"'self' {settings.API_URL}",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_signing_up_records_the_terms_that_were_accepted_and_takes_nobody_without(
    client: Client, db: None
) -> None:
    terms = accounts.publish_terms("2026-01", body="Be kind.")
    form = {"email": "ada@example.com", "name": "Ada", "password1": "Correct-horse-9"}
    assert client.post(reverse("account_signup"), form).context["form"].errors["terms"]
    assert not User.objects.exists()
    client.post(reverse("account_signup"), form | {"terms": "on"})
    accepted = Acceptance.objects.get()
    assert accepted.user.email == "ada@example.com"
    assert (accepted.terms, accepted.digest) == (terms, terms.digest)
    assert accepted.ip == "127.0.0.1"


def test_nobody_is_in_before_the_code_from_the_mail_is_typed(client: Client, db: None) -> None:
    form = {"email": "ada@example.com", "password1": "Correct-horse-9", "terms": "on"}
    make.plan()
    client.post(reverse("account_signup"), form)
    assert client.get(reverse("portal:start")).status_code == 302
    assert not Organization.objects.exists()
    code = CODE.search(str(mail.outbox[0].body))
    assert code is not None
    confirm = reverse("account_email_verification_sent")
    client.post(confirm, {"code": "AAAA-AAAA"})
    assert client.get(reverse("portal:start")).status_code == 302
    with zeal_ignore():  # allauth looks an address up more than once
        client.post(confirm, {"code": code[1]})
    assert client.get(reverse("portal:start")).status_code == 200
    assert Organization.objects.get().memberships.get().user.email == "ada@example.com"


@pytest.mark.parametrize("password", ["Sh0rt-one", "password123", "ada.lovelace@"])
def test_a_password_that_is_easy_to_guess_makes_no_account(
    client: Client, db: None, password: str
) -> None:
    form = {"email": "ada.lovelace@example.com", "password1": password, "terms": "on"}
    assert client.post(reverse("account_signup"), form).context["form"].errors["password1"]
    assert not User.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["portal:authorize", "account_login", "portal:found-a-key"])
def test_a_stranger_fills_no_disk_with_files(client: Client, name: str) -> None:
    parts = [b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n']
    body = b"".join([*parts, b"f" * 4 * 1024 * 1024, b"\r\n--x--\r\n"])
    answer = client.post(reverse(name), body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
