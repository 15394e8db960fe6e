"""A key gets another name and other networks; its scopes and its secret stay."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.events.models import Event
from apps.keys import services as keys
from apps.orgs.models import Membership, Role
from tests.portal.conftest import Team
from tests.support import browsers, make


def test_a_key_is_changed(browser: Client, team: Team) -> None:
    page = reverse("portal:keys-change", args=[team.key.pk])
    assert page in browser.get(reverse("portal:keys")).content.decode()
    shown = browser.get(page).context["form"]
    assert (shown["name"].value(), shown["ip_allow"].value()) == ("Key", "")
    before = (team.key.digest, team.key.scopes)
    answer = browser.post(page, {"name": "Till", "ip_allow": "203.0.113.7/24, 2001:db8::1"})
    assert answer["Location"] == reverse("portal:keys")
    team.key.refresh_from_db()
    assert (team.key.name, team.key.ip_allow) == ("Till", ["203.0.113.0/24", "2001:db8::1/128"])
    assert (team.key.digest, team.key.scopes) == before
    assert Event.objects.get(type="key.changed").actor == team.developer.pk


def test_networks_that_are_none_are_refused_in_their_place(browser: Client, team: Team) -> None:
    page = reverse("portal:keys-change", args=[team.key.pk])
    answer = browser.post(page, {"name": "Till", "ip_allow": "everywhere"})
    assert "everywhere" in answer.context["form"].errors["ip_allow"][0]
    team.key.refresh_from_db()
    assert (team.key.name, team.key.ip_allow) == ("Key", [])
    assert not Event.objects.filter(type="key.changed").exists()


def test_a_closed_key_and_another_organizations_are_not_changed(
    browser: Client, newcomer: Client, team: Team
) -> None:
    page = reverse("portal:keys-change", args=[team.key.pk])
    assert newcomer.get(page).status_code in {403, 404}
    keys.revoke(team.key, actor=None)
    assert browser.post(page, {"name": "Till"}).status_code == 404
    team.key.refresh_from_db()
    assert team.key.name == "Key"


@pytest.mark.parametrize(("role", "status"), [(Role.DEVELOPER, 403), (Role.ADMIN, 302)])
def test_a_live_key_is_changed_by_those_who_may_make_one(
    team: Team, role: Role, status: int
) -> None:
    application = make.application(team.organization, approved=True)
    issued = make.key(application, tenant=make.live(team.organization), scopes=("orders:read",))
    person = make.user()
    Membership.objects.create(organization=team.organization, user=person, role=role)
    page = reverse("portal:keys-change", args=[issued.key.pk])
    told = {"name": "Till", "ip_allow": "0.0.0.0/0"}
    assert browsers.of(person).post(page, told).status_code == status
    issued.key.refresh_from_db()
    assert issued.key.name == ("Till" if status == 302 else "Key")


def test_a_live_key_is_changed_by_those_who_just_proved_who_they_are(team: Team) -> None:
    application = make.application(team.organization, approved=True)
    issued = make.key(application, tenant=make.live(team.organization), scopes=("orders:read",))
    person = make.user()
    Membership.objects.create(organization=team.organization, user=person, role=Role.ADMIN)
    page = reverse("portal:keys-change", args=[issued.key.pk])
    told = {"name": "Till", "ip_allow": "0.0.0.0/0"}
    answer = browsers.of(person, ago=3600).post(page, told)
    issued.key.refresh_from_db()
    assert (issued.key.name, issued.key.ip_allow) == ("Key", [])
    assert "reauthenticate" in answer.headers["Location"]


def test_a_key_like_another_begins_with_what_that_has(
    browser: Client, newcomer: Client, team: Team
) -> None:
    make.scopes("refunds:write")
    team.key.ip_allow = ["203.0.113.0/24"]
    team.key.save()
    page = f"{reverse('portal:keys-new')}?like={team.key.pk}&scope=refunds:write&scope=nonsense"
    form = browser.get(page).context["form"]
    assert form["scopes"].value() == ["orders:read", "orders:write", "refunds:write"]
    assert (form["name"].value(), form["ip_allow"].value()) == ("Key", "203.0.113.0/24")
    assert (form["tenant"].value(), form["access"].value()) == (team.sandbox.pk, "restricted")
    others = newcomer.get(page).context["form"]
    assert others["name"].value() is None
    assert others["scopes"].value() == ["refunds:write"]
