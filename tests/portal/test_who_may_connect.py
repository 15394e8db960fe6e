"""Who may let an application act on the organization's data: by their role."""

from typing import Any

import pytest
from django.urls import reverse

from apps.oauth import devices
from apps.oauth.models import Client, Consent, DeviceGrant, Grant
from apps.oauth.models.client import GrantType
from apps.orgs.models import Membership, Role
from apps.tenants.models import Tenant
from tests.portal.conftest import Team
from tests.support import browsers, consent, make

ENVIRONMENTS = {
    Tenant.Kind.SANDBOX: {Role.OWNER, Role.ADMIN, Role.DEVELOPER},
    Tenant.Kind.LIVE: {Role.OWNER, Role.ADMIN},
}


def app(kind: str, **fields: Any) -> Client:
    """Return a client of some other organization."""
    make.scopes("orders:read", "orders:write", "payments:write")
    built = make.application(approved=kind == Tenant.Kind.LIVE)
    return consent.client(built, environment=kind, **fields)


def joined(team: Team, role: str) -> Membership:
    return Membership.objects.create(organization=team.organization, user=make.user(), role=role)


def tenant_of(team: Team, kind: str) -> Tenant:
    return team.organization.tenants.get(kind=kind)


@pytest.mark.parametrize("kind", ENVIRONMENTS)
@pytest.mark.parametrize("role", Role)
def test_a_role_decides_who_lets_an_application_act(team: Team, role: Role, kind: str) -> None:
    of, member = app(kind), joined(team, role)
    browser = browsers.of(member.user)
    page = consent.ask(browser, of)
    able = role in ENVIRONMENTS[Tenant.Kind(kind)]
    assert bool(page.context["tenants"]) == able
    answer = consent.allow(browser, page, member.user, tenant=tenant_of(team, kind).pk)
    assert Grant.objects.exists() == Consent.objects.exists() == able
    if not able:
        assert answer["Location"] == consent.url(of)
        said = page.content.decode()
        roles = "owner or admin" if kind == "live" else "owner, admin or developer"
        assert f"Your role in {team.organization.name} does not let you" in said
        assert roles in said


@pytest.mark.parametrize("role", Role)
def test_every_member_signs_in_at_an_application_that_learns_who_they_are(
    team: Team, role: Role
) -> None:
    of, member = app("live"), joined(team, role)
    browser = browsers.of(member.user)
    page = consent.ask(browser, of, scope="openid email")
    assert "code" in consent.said(consent.allow(browser, page, member.user))
    assert Grant.objects.get().scope == "openid email"
    asked = {"prompt": "none", "scope": "openid email"}
    assert "code" in consent.said(consent.ask(browser, of, **asked))


def test_the_answer_to_who_one_is_opens_no_data(team: Team) -> None:
    of, member = app("live"), joined(team, Role.BILLING)
    browser = browsers.of(member.user)
    page = consent.ask(browser, of, scope="openid")
    consent.allow(browser, page, member.user)
    wide = {"scope": "openid orders:write"}
    silent = consent.said(consent.ask(browser, of, prompt="none", **wide))
    assert silent["error"] == "consent_required"
    forged = browser.post(
        consent.ask(browser, of, **wide).context["action"],
        {
            "user": member.user.pk,
            "tenant": tenant_of(team, "live").pk,
            "decision": "allow",
            "scope": ["openid"],
        },
    )
    assert forged["Location"] == consent.url(of, **wide)
    assert [grant.scope for grant in Grant.objects.all()] == ["openid"]


def test_an_earlier_answer_does_not_stand_in_another_role(team: Team) -> None:
    of, member = app("live"), joined(team, Role.ADMIN)
    browser = browsers.of(member.user)
    consent.allow(browser, consent.ask(browser, of), member.user)
    assert "code" in consent.said(consent.ask(browser, of, prompt="none"))
    Membership.objects.filter(pk=member.pk).update(role=Role.AUDITOR)
    silent = consent.said(consent.ask(browser, of, prompt="none"))
    assert silent["error"] == "consent_required"
    assert consent.ask(browser, of).context["tenants"] == []
    assert Grant.objects.count() == 2


@pytest.mark.parametrize("role", Role)
def test_a_device_is_let_in_by_those_too(team: Team, role: Role) -> None:
    of = app("live", authentication="none", grant_types=[GrantType.DEVICE, GrantType.REFRESH])
    member, able = joined(team, role), role in ENVIRONMENTS[Tenant.Kind.LIVE]
    browser = browsers.of(member.user)
    code = devices.begin(of, scopes=["openid", "orders:read"]).user_code
    page = browser.post(reverse("portal:device"), {"user_code": code})
    assert bool(page.context["tenants"]) == able
    form = {
        "user_code": code,
        "user": member.user.pk,
        "tenant": tenant_of(team, "live").pk,
        "decision": "allow",
    }
    browser.post(reverse("portal:device-decide"), form)
    waiting = DeviceGrant.objects.get()
    assert (waiting.status == DeviceGrant.AUTHORIZED) == able


def test_an_end_user_lets_applications_act_whatever_the_role(team: Team) -> None:
    of, member = app("live"), joined(team, Role.BILLING)
    tenant_of(team, "live").memberships.create(user=member.user)
    browser = browsers.of(member.user)
    page = consent.ask(browser, of)
    assert "code" in consent.said(consent.allow(browser, page, member.user))
