"""People come, go and change places; every page shows one organization at a time."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from zeal import zeal_ignore

from apps.accounts.models import User
from apps.notifications.models import Message
from apps.onboarding import invitations
from apps.orgs.models import Invitation, Membership, Organization, Role
from portal.request import ORGANIZATION
from portal.views.outbox import CODE
from tests.portal.conftest import Team
from tests.support import browsers, make

ADDRESS = "bob@example.org"


def invited(team: Team, *, role: str = Role.AUDITOR) -> str:
    """Invite Bob and return the path in his mail."""
    invitations.invite(team.organization, email=ADDRESS, role=role, actor=team.developer)
    [path] = re.findall(r"(/invitations/\S+)", Message.objects.latest("queued_at", "pk").text)
    return str(path)


def test_inviting_sends_a_mail_and_shows_who_is_awaited(browser: Client, team: Team) -> None:
    form = {"email": ADDRESS, "role": Role.BILLING}
    answer = browser.post(reverse("portal:members-invite"), form)
    assert answer["Location"] == reverse("portal:members")
    assert Message.objects.get().recipients == [ADDRESS]
    page = browser.get(reverse("portal:members")).content.decode()
    assert ADDRESS in page
    [row] = Invitation.objects.all()
    browser.post(reverse("portal:members-revoke", args=[row.pk]))
    assert ADDRESS not in browser.get(reverse("portal:members")).content.decode().split("<main")[
        1
    ].replace("The invitation of bob@example.org is no longer good.", "")


def test_an_invitation_outlives_the_account_of_who_sent_it(browser: Client, team: Team) -> None:
    invited(team)
    page = reverse("portal:members")
    assert f"invited by {team.developer}" in browser.get(page).content.decode()
    Invitation.objects.update(invited_by=None)
    words = browser.get(page).content.decode()
    assert ADDRESS in words
    assert "invited by" not in words


def test_an_invitation_that_cannot_be_sent_says_why(browser: Client, team: Team) -> None:
    form = {"email": team.developer.email, "role": Role.BILLING}
    answer = browser.post(reverse("portal:members-invite"), form)
    assert answer.context["form"].errors["email"]
    assert not Invitation.objects.exists()


def test_who_signs_up_with_an_invitation_joins_and_founds_nothing(
    client: Client, team: Team
) -> None:
    path = invited(team)
    page = client.get(path).content.decode()
    assert "Join Bicycle Shop" in page
    form = {"email": ADDRESS, "password1": "Correct-horse-9", "terms": "on"}
    client.post(reverse("account_signup"), form)
    assert not Membership.objects.filter(user__email=ADDRESS).exists(), "the code is not typed yet"
    code = CODE.search(str(mail.outbox[-1].body))
    assert code
    with zeal_ignore():
        client.post(reverse("account_email_verification_sent"), {"code": code[1]})
    bob = User.objects.get(email=ADDRESS)
    assert [(one.organization, one.role) for one in bob.memberships.all()] == [
        (team.organization, Role.AUDITOR)
    ]
    assert Organization.objects.count() == 1
    answer = client.get(reverse("portal:overview"))
    assert answer.context["organization"] == team.organization
    assert "Welcome to Bicycle Shop. Your role: Auditor." in answer.content.decode()


def test_who_signs_up_with_another_address_joins_nothing(client: Client, team: Team) -> None:
    client.get(invited(team))
    form = {"email": "eve@example.org", "password1": "Correct-horse-9", "terms": "on"}
    client.post(reverse("account_signup"), form)
    code = CODE.search(str(mail.outbox[-1].body))
    assert code
    with zeal_ignore():
        client.post(reverse("account_email_verification_sent"), {"code": code[1]})
    eve = User.objects.get(email="eve@example.org")
    assert not team.organization.memberships.filter(user=eve).exists()
    assert eve.memberships.get().role == Role.OWNER, "an organization of her own"
    assert Invitation.objects.get().state == "open"


def test_who_has_an_account_joins_with_one_click_and_sees_the_organization(team: Team) -> None:
    bob = make.developer(email=ADDRESS)
    browser, path = browsers.of(bob), invited(team)
    assert browser.get(path).status_code == 200
    assert not team.organization.memberships.filter(user=bob).exists(), "looking joins nothing"
    browser.post(f"{path}/accept")
    assert bob.memberships.count() == 2
    assert browser.session[ORGANIZATION] == team.organization.pk


def test_another_persons_invitation_is_refused_clearly(newcomer: Client, team: Team) -> None:
    path = invited(team)
    for answer in (newcomer.get(path), newcomer.post(f"{path}/accept")):
        assert answer.status_code == 403
        assert f"It is for {ADDRESS}" in answer.content.decode()
    assert Invitation.objects.get().state == "open"


def test_a_spent_invitation_says_so_to_everybody(team: Team, client: Client) -> None:
    bob, path = make.user(email=ADDRESS), invited(team)
    browsers.of(bob).post(f"{path}/accept")
    for browser in (browsers.of(bob), client):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "was accepted" in answer.content.decode()
    assert client.get("/invitations/guess").status_code == 404


def test_every_page_shows_the_organization_that_was_chosen(browser: Client, team: Team) -> None:
    other = make.organization(make.user(), name="Corner Books")
    Membership.objects.create(organization=other, user=team.developer, role=Role.ADMIN)
    theirs = make.application(other, name="Book finder")
    first = browser.get(reverse("portal:applications")).content.decode()
    assert "Invoicer" in first
    assert "Book finder" not in first
    hidden = reverse("portal:applications-detail", args=[theirs.pk])
    assert browser.get(hidden).status_code == 404
    browser.post(reverse("portal:organizations-switch"), {"organization": other.pk})
    second = browser.get(reverse("portal:applications")).content.decode()
    assert "Book finder" in second
    assert "Invoicer" not in second
    assert browser.get(hidden).status_code == 200


def test_nobody_switches_to_an_organization_of_others(newcomer: Client, team: Team) -> None:
    for wanted in (team.organization.pk, "org_nonsense", ""):
        form = {"organization": wanted}
        assert newcomer.post(reverse("portal:organizations-switch"), form).status_code == 404
    session = newcomer.session
    session[ORGANIZATION] = team.organization.pk
    session.save()
    page = newcomer.get(reverse("portal:applications")).content.decode()
    assert team.application.pk not in page


def test_a_removed_member_sees_nothing_from_the_next_page_on(browser: Client, team: Team) -> None:
    member = Membership.objects.create(organization=team.organization, user=make.user())
    theirs = browsers.of(member.user)
    address = reverse("portal:applications-detail", args=[team.application.pk])
    assert theirs.get(address).status_code == 200
    browser.post(reverse("portal:members-remove", args=[member.pk]))
    assert theirs.get(address)["Location"] == reverse("portal:organizations-new")
    team.key.refresh_from_db()
    assert team.key.revoked_at is None


def test_a_role_is_changed_on_a_page(browser: Client, team: Team) -> None:
    member = Membership.objects.create(organization=team.organization, user=make.user())
    address = reverse("portal:members-role", args=[member.pk])
    assert browser.get(address).status_code == 200
    browser.post(address, {"role": Role.ADMIN})
    member.refresh_from_db()
    assert member.role == Role.ADMIN


def test_the_last_owner_reads_what_to_do_first(browser: Client, team: Team) -> None:
    assert "only owner" in browser.get(reverse("portal:members-leave")).content.decode()
    assert browser.post(reverse("portal:members-leave")).status_code == 409
    assert team.organization.memberships.count() == 1


def test_ownership_is_handed_over_on_a_page(browser: Client, team: Team) -> None:
    member = Membership.objects.create(organization=team.organization, user=make.user())
    browser.post(reverse("portal:members-transfer", args=[member.pk]))
    member.refresh_from_db()
    assert member.role == Role.OWNER
    assert team.organization.memberships.get(user=team.developer).role == Role.ADMIN


def test_another_organization_is_founded_with_all_it_needs(browser: Client, team: Team) -> None:
    browser.post(reverse("portal:organizations-new"), {"name": "Second Shop"})
    made = Organization.objects.get(name="Second Shop")
    assert browser.session[ORGANIZATION] == made.pk
    assert browser.get(reverse("portal:start")).context["key"].application.organization == made


def test_who_belongs_nowhere_is_asked_to_found_one(db: None) -> None:
    loner = browsers.of(make.user())
    answer = loner.get(reverse("portal:overview"))
    assert answer["Location"] == reverse("portal:organizations-new")
    assert loner.get(answer["Location"]).status_code == 200
    assert loner.get(reverse("portal:connections")).status_code == 200


@pytest.mark.parametrize("role", [Role.BILLING, Role.AUDITOR])
def test_a_role_that_reads_no_secret_keys_is_shown_none(team: Team, role: Role) -> None:
    member = Membership.objects.create(organization=team.organization, user=make.user(), role=role)
    browser = browsers.of(member.user)
    for name in ("start", "swagger"):
        assert team.secret not in browser.get(reverse(f"portal:{name}")).content.decode()
    guide = browser.get(reverse("portal:docs-guide", args=["quickstart"])).content.decode()
    assert team.secret not in guide


def test_being_staff_opens_no_page_that_the_role_does_not(team: Team) -> None:
    staff = make.user(is_staff=True)
    browser = browsers.of(staff)
    assert browser.get(reverse("portal:keys"))["Location"] == reverse("admin:index")
    Membership.objects.create(organization=team.organization, user=staff, role=Role.BILLING)
    assert browser.get(reverse("portal:keys")).status_code == 403
    refused = browser.post(reverse("portal:keys-revoke", args=[team.key.pk]))
    assert refused.status_code == 403
    team.key.refresh_from_db()
    assert team.key.revoked_at is None


def test_a_refusal_names_who_may(team: Team) -> None:
    member = Membership.objects.create(
        organization=team.organization, user=make.user(), role=Role.AUDITOR
    )
    answer = browsers.of(member.user).post(reverse("portal:keys-revoke", args=[team.key.pk]))
    assert answer.status_code == 403
    words = "You are auditor in Bicycle Shop. This takes owner, admin or developer."
    assert words in answer.content.decode()
    team.key.refresh_from_db()
    assert team.key.revoked_at is None
    assert not EmailAddress.objects.exists()
