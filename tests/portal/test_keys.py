"""A developer makes, shows and revokes keys in the portal, without any JavaScript."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.applications.models import Application
from apps.catalog.rights import MANAGING
from apps.core import clock
from apps.keys import services as keys
from apps.keys.models import Key
from apps.tenants.models import Tenant
from tests.portal.conftest import Team
from tests.support import make
from tests.support.queries import Queries


def wanted(team: Team, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Staging",
        "application": team.application.pk,
        "tenant": team.sandbox.pk,
        "scopes": ["orders:read"],
        "life": "30",
        **fields,
    }


def test_a_new_key_is_shown_once_and_is_not_in_the_list(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:keys-new"), wanted(team))
    key = Key.objects.get(name="Staging")
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert key.scopes == ["orders:read"]
    assert key.expires_at is not None
    assert secret not in browser.get(reverse("portal:keys")).content.decode()


def test_a_new_key_is_shown_with_a_call_that_its_scopes_cover(browser: Client, team: Team) -> None:
    call_command("publish_catalog", verbosity=0)
    made = wanted(team, scopes=["customers:read"])
    page = browser.post(reverse("portal:keys-new"), made).content.decode()
    assert "/commerce/v1/customers?limit=3" in page
    assert "/commerce/v1/orders" not in page


def test_a_key_may_be_bound_to_addresses(browser: Client, team: Team) -> None:
    browser.post(reverse("portal:keys-new"), wanted(team, ip_allow="203.0.113.7, 2001:db8::/32"))
    assert Key.objects.get(name="Staging").ip_allow == ["203.0.113.7/32", "2001:db8::/32"]
    assert "203.0.113.7/32" in browser.get(reverse("portal:keys")).content.decode()


def test_an_address_that_is_none_makes_no_key(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:keys-new"), wanted(team, ip_allow="the office"))
    assert "203.0.113.0/24" in str(answer.context["form"].errors["ip_allow"])
    assert not Key.objects.filter(name="Staging").exists()


def test_a_live_key_waits_for_approval(browser: Client, team: Team) -> None:
    live = make.live(team.organization)
    answer = browser.post(reverse("portal:keys-new"), wanted(team, tenant=live.pk))
    assert answer.status_code == 200
    assert "Submit it for review first" in answer.content.decode()
    assert not Key.objects.filter(name="Staging").exists()


def test_a_key_needs_a_scope(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:keys-new"), wanted(team, scopes=[]))
    assert "Choose at least one scope." in answer.content.decode()
    assert not Key.objects.filter(name="Staging").exists()


@pytest.mark.parametrize("field", ["application", "tenant"])
def test_a_key_for_somebody_elses_things_is_refused(
    browser: Client, team: Team, field: str
) -> None:
    theirs = make.application()
    stolen = {"application": theirs.pk, "tenant": make.live(theirs.organization).pk}
    answer = browser.post(reverse("portal:keys-new"), wanted(team, **{field: stolen[field]}))
    assert answer.context["form"].errors[field]
    assert not Key.objects.filter(name="Staging").exists()


def test_a_sandbox_key_can_be_shown_again(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:keys-reveal", args=[team.key.pk]))
    assert team.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_a_live_key_is_never_shown_again(browser: Client, team: Team) -> None:
    approved = make.application(team.organization, approved=True)
    live = make.key(approved, tenant=make.live(team.organization))
    answer = browser.post(reverse("portal:keys-reveal", args=[live.key.pk]), follow=True)
    assert live.secret not in answer.content.decode()
    assert "cannot be shown again" in answer.content.decode()


def test_revoking_asks_once_and_then_revokes(browser: Client, team: Team) -> None:
    address = reverse("portal:keys-revoke", args=[team.key.pk])
    assert "Revoke “Key”?" in browser.get(address).content.decode()
    assert Key.objects.get(pk=team.key.pk).revoked_at is None
    assert browser.post(address)["Location"] == reverse("portal:keys")
    assert Key.objects.get(pk=team.key.pk).revoked_at is not None


def test_htmx_gets_the_row_alone(browser: Client, team: Team) -> None:
    address = reverse("portal:keys-revoke", args=[team.key.pk])
    page = browser.post(address, headers={"HX-Request": "true"}).content.decode()
    assert f'<tr id="{team.key.pk}"' in page
    assert "revoked" in page
    assert "<html" not in page


def test_the_list_shows_one_environment(browser: Client, team: Team) -> None:
    approved = make.application(team.organization, approved=True)
    make.key(approved, tenant=make.live(team.organization))
    assert [key.tenant.kind for key in browser.get(reverse("portal:keys")).context["keys"]] == [
        Tenant.Kind.SANDBOX
    ]
    browser.post(reverse("portal:mode"), {"mode": "live"})
    assert [key.tenant.kind for key in browser.get(reverse("portal:keys")).context["keys"]] == [
        Tenant.Kind.LIVE
    ]


def test_the_list_costs_the_same_however_many(browser: Client, team: Team) -> None:
    browser.get(reverse("portal:keys"))
    few = Queries().of(lambda: browser.get(reverse("portal:keys")))
    for _ in range(11):
        make.key(team.application, tenant=team.sandbox)
    assert Queries().of(lambda: browser.get(reverse("portal:keys"))) == few


def test_the_form_begins_with_the_environment_that_is_looked_at(
    browser: Client, team: Team
) -> None:
    approved = make.application(team.organization, approved=True)
    live = make.live(team.organization)
    form = browser.get(reverse("portal:keys-new")).context["form"]
    assert "tenant" not in form.initial, "the first choice is the sandbox"
    assert "scopes" not in form.initial, "whoever restricts a key says to what"
    browser.post(reverse("portal:mode"), {"mode": "live", "next": "/keys/new"})
    answer = browser.get(reverse("portal:keys-new"))
    assert answer.context["form"].initial == {"application": approved, "tenant": live}
    assert f'<option value="{live.pk}" selected>' in answer.content.decode()


def test_the_form_says_when_no_application_may_have_a_live_key(browser: Client, team: Team) -> None:
    page = browser.get(reverse("portal:keys-new")).content.decode()
    assert "Live keys need an approved application." in page
    make.application(team.organization, approved=True)
    page = browser.get(reverse("portal:keys-new")).content.decode()
    assert "Live keys need an approved application." not in page


def test_a_full_key_may_do_what_its_application_may(browser: Client, team: Team) -> None:
    make.scopes("orders:read", "customers:read", f"{MANAGING}members:write")
    browser.post(reverse("portal:keys-new"), wanted(team, access="full", scopes=[]))
    key = Key.objects.get(name="Staging")
    assert key.kind == "k"
    assert {"orders:read", "customers:read"} <= set(key.scopes)
    assert not [scope for scope in key.scopes if scope.startswith(MANAGING)]


def test_a_restricted_key_says_so_in_its_text(browser: Client, team: Team) -> None:
    answer = browser.post(reverse("portal:keys-new"), wanted(team, access="restricted"))
    assert answer.context["secret"].startswith("trl_test_r")
    assert Key.objects.get(name="Staging").scopes == ["orders:read"]
    assert "Staging" in browser.get(reverse("portal:keys")).content.decode()


def test_a_live_key_may_do_what_a_reviewer_approved_and_no_more(
    browser: Client, team: Team
) -> None:
    make.scopes("orders:read", "orders:write")
    approved = make.application(team.organization, approved=True)
    Application.objects.filter(pk=approved.pk).update(approved_scopes=["orders:read"])
    live = {"application": approved.pk, "tenant": make.live(team.organization).pk}
    refused = browser.post(
        reverse("portal:keys-new"), wanted(team, **live, scopes=["orders:write"])
    )
    assert "is not approved for orders:write" in refused.content.decode()
    assert not Key.objects.filter(name="Staging").exists()
    browser.post(reverse("portal:keys-new"), wanted(team, **live, access="full", scopes=[]))
    assert Key.objects.get(name="Staging").scopes == ["orders:read"]
    Application.objects.filter(pk=approved.pk).update(approved_scopes=[])
    form = wanted(team, **live, access="full", name="Second")
    assert "No scope is approved" in browser.post(reverse("portal:keys-new"), form).content.decode()
    assert not Key.objects.filter(name="Second").exists()


def test_a_key_may_begin_later_and_not_after_its_end(browser: Client, team: Team) -> None:
    later = clock.real() + timedelta(days=3)
    said = later.strftime("%Y-%m-%dT%H:%M")
    browser.post(reverse("portal:keys-new"), wanted(team, not_before=said))
    key = Key.objects.get(name="Staging")
    assert key.state == "waiting"
    assert key.not_before == later.replace(second=0, microsecond=0)
    wrong = wanted(team, name="Second", not_before=said.replace("20", "21", 1))
    assert "must begin before" in browser.post(reverse("portal:keys-new"), wrong).content.decode()
    assert not Key.objects.filter(name="Second").exists()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("203.0.113.77/24", ["203.0.113.0/24"]),
        ("203.0.113.7 203.0.113.7", ["203.0.113.7/32"]),
        ("2001:DB8::1/32", ["2001:db8::/32"]),
        ("::ffff:203.0.113.0/120", ["203.0.113.0/24"]),
        ("::/0,0.0.0.0/0", ["::/0", "0.0.0.0/0"]),
    ],
)
def test_addresses_are_kept_as_the_gateway_compares_them(
    browser: Client, team: Team, said: str, kept: list[str]
) -> None:
    browser.post(reverse("portal:keys-new"), wanted(team, ip_allow=said))
    assert Key.objects.get(name="Staging").ip_allow == kept


@pytest.mark.parametrize(
    "said", ["203.0.113.0/33", "fe80::1%eth0", "1.2.3", "x", ",".join(["1.1.1.1"] * 51)]
)
def test_what_is_no_list_of_addresses_makes_no_key(browser: Client, team: Team, said: str) -> None:
    answer = browser.post(reverse("portal:keys-new"), wanted(team, ip_allow=said))
    assert answer.context["form"].errors["ip_allow"]
    assert not Key.objects.filter(name="Staging").exists()


def test_keys_of_documentation_pages_leave_the_list_and_restricted_ones_stay(
    browser: Client, team: Team
) -> None:
    page = keys.page_key(team.application, tenant=team.sandbox, actor=team.developer).key
    mine = make.key(team.application, tenant=team.sandbox, kind="r").key
    for key in (page, mine):
        keys.revoke(key, actor=team.developer)
    listed = {key.pk for key in browser.get(reverse("portal:keys")).context["keys"]}
    assert mine.pk in listed
    assert page.pk not in listed


def test_the_list_says_when_and_from_where_a_key_was_used(browser: Client, team: Team) -> None:
    Key.objects.filter(pk=team.key.pk).update(
        last_used_at=clock.real() - timedelta(minutes=7), last_used_from="203.0.113.0/24"
    )
    text = browser.get(reverse("portal:keys")).content.decode()
    assert "7 min ago" in text
    assert "203.0.113.0/24" in text
