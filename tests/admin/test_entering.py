"""Who may enter the admin, and what its pages may load."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User
from tests.support import browsers, make


def test_a_stranger_signs_in_at_the_portal_first(client: Client, db: None) -> None:
    answer = client.get("/admin/keys/key/", follow=True)
    target, status = answer.redirect_chain[-1]
    assert status == 302
    assert target.startswith("/accounts/login/?next=/admin/keys/key/")


def test_the_admin_has_no_sign_in_of_its_own(client: Client, operator: User) -> None:
    credentials = {"username": operator.email, "password": make.PASSWORD}
    answer = client.post("/admin/login/", credentials)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


def test_a_developer_is_sent_away(client: Client, developer: User) -> None:
    client.force_login(developer)
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/overview")


def test_staff_enter(admin: Client) -> None:
    assert admin.get("/admin/").status_code == 200
    assert admin.get("/admin/login/?next=/admin/keys/key/")["Location"] == "/admin/keys/key/"


def test_the_way_in_leads_nowhere_else(admin: Client) -> None:
    answer = admin.get("/admin/login/?next=https://evil.example/")
    assert answer["Location"] == "/admin/"


def test_without_a_second_factor_staff_read_why(admin: Client, settings: Settings) -> None:
    settings.ADMIN_MFA = True
    answer = admin.get("/admin/keys/key/", follow=True)
    assert answer.status_code == 403
    assert "TRELLIS_ADMIN_MFA=false" in answer.content.decode()
    assert "Content-Security-Policy" in answer


def test_a_second_factor_opens_the_admin_once_it_was_used_in_this_session(
    admin: Client, operator: User, settings: Settings
) -> None:
    settings.ADMIN_MFA = True
    TOTP.activate(operator, generate_totp_secret())
    unused = admin.get("/admin/keys/key/", follow=True)
    assert unused.status_code == 403
    there = f"{reverse('mfa_reauthenticate')}?next=%2Fadmin%2Fkeys%2Fkey%2F"
    assert f'href="{there}"' in unused.content.decode()
    browsers.prove(admin, operator, method="password")
    assert admin.get("/admin/keys/key/").status_code == 302
    browsers.prove(admin, operator, method="mfa")
    assert admin.get("/admin/keys/key/").status_code == 200
    browsers.prove(admin, make.operator(), method="mfa")
    assert admin.get("/admin/keys/key/").status_code == 302, "the proof was another person's"


def test_recovery_codes_alone_are_no_second_factor(
    admin: Client, operator: User, settings: Settings
) -> None:
    settings.ADMIN_MFA = True
    RecoveryCodes.activate(operator)
    browsers.prove(admin, operator, method="mfa")
    refused = admin.get("/admin/", follow=True)
    assert refused.status_code == 403
    assert reverse("mfa_index") in refused.content.decode()


def test_an_inactive_operator_is_not_let_in(client: Client, operator: User) -> None:
    client.force_login(operator)
    User.objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_staff_without_rights_see_no_rows(client: Client, db: None) -> None:
    staff = make.user(is_staff=True)
    client.force_login(staff)
    assert client.get("/admin/").status_code == 200
    for page in ("keys/key", "usage/request", "accounts/user", "auth/group", "events/event"):
        assert client.get(f"/admin/{page}/").status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_key"))
    assert client.get("/admin/keys/key/").status_code == 200


@pytest.mark.parametrize("path", ["/admin/", "/admin/keys/key/", "/admin/jsi18n/"])
def test_the_admin_has_a_policy_of_its_own(path: str, admin: Client) -> None:
    policy = admin.get(path)["Content-Security-Policy"]
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["style-src"] == "'self' 'unsafe-inline'"
    assert directives["frame-ancestors"] == "'none'"


def test_the_portals_policy_stays_strict(admin: Client) -> None:
    admin.get("/admin/")
    assert "unsafe" not in admin.get("/terms")["Content-Security-Policy"]


def test_no_page_carries_an_inline_script(admin: Client) -> None:
    page = admin.get("/admin/keys/key/").content.decode()
    for script in page.split("<script")[1:]:
        opening, _, rest = script.partition(">")
        assert "src=" in opening or "application/json" in opening
        assert " onclick=" not in rest
