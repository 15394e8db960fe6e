"""Programs invite members, change their roles and remove them, on live credentials."""

from datetime import timedelta

import pytest
from django.core import mail
from time_machine import TimeMachineFixture

from apps.core import clock
from apps.orgs.models import Invitation, Membership, Role
from tests.support import management
from tests.support.management import Platform


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "invitations", {"email": "grace@example.com", "role": "developer"}),
        ("PATCH", "organization", {"name": "Mallory's"}),
        ("PATCH", "members/{owner}", {"role": "auditor"}),
        ("DELETE", "members/{owner}", None),
    ],
)
def test_a_sandbox_key_changes_nothing_that_is_real(
    api: Platform, method: str, path: str, body: dict[str, str] | None
) -> None:
    owner = api.application.organization.memberships.get().user_id
    answer = api.send(method, path.format(owner=owner), body)
    assert (answer.status, answer.code) == (403, "live_credential_needed")
    assert mail.outbox == []
    assert api.get("organization").json()["name"] == "Bicycle Shop"
    assert api.get(f"members/{owner}").json()["role"] == "owner"


def test_somebody_is_invited_reminded_and_the_invitation_taken_back(
    live: Platform, time_machine: TimeMachineFixture
) -> None:
    answer = live.post("invitations", {"email": "Grace@example.com", "role": "developer"})
    assert answer.status == 201
    made = answer.json()
    assert (made["email"], made["state"]) == ("grace@example.com", "open")
    row = Invitation.objects.get(pk=made["id"])
    assert (row.invited_by, row.organization_id) == (None, live.caller.organization)
    path = f"invitations/{made['id']}"
    assert live.post(f"{path}/resend").code == "too_many_invitations"
    time_machine.move_to(clock.real() + timedelta(minutes=2), tick=False)
    assert live.post(f"{path}/resend").json()["sent_at"] > made["sent_at"]
    assert live.post(f"{path}/revoke").json()["state"] == "revoked"
    assert live.get(path).json()["state"] == "revoked"


def test_a_role_changes_and_a_member_is_removed(live: Platform) -> None:
    person = management.member(live.application.organization, Role.DEVELOPER)
    path = f"members/{person.pk}"
    assert live.patch(path, {"role": "billing"}).json()["role"] == "billing"
    assert live.delete(path).status == 204
    assert not Membership.objects.filter(user=person).exists()
    assert live.get(path).code == "not_found"


def test_a_key_makes_no_owner_and_touches_none(live: Platform) -> None:
    owner = live.application.organization.memberships.get().user_id
    person = management.member(live.application.organization, Role.DEVELOPER)
    for answer in (
        live.patch(f"members/{person.pk}", {"role": "owner"}),
        live.patch(f"members/{owner}", {"role": "auditor"}),
        live.delete(f"members/{owner}"),
        live.post("invitations", {"email": "grace@example.com", "role": "owner"}),
    ):
        assert (answer.status, answer.code) == (403, "role_missing")


def test_the_last_owner_stays(live: Platform) -> None:
    owner = live.application.organization.memberships.get().user
    answer = live.on_behalf_of(owner).delete(f"members/{owner.pk}")
    assert (answer.status, answer.code) == (409, "last_owner")


def test_the_organization_is_renamed_by_who_may(live: Platform) -> None:
    assert live.patch("organization", {"name": "Bakery"}).json()["name"] == "Bakery"
    tag = live.get("organization").headers["ETag"]
    assert live.patch("organization", {"name": "Brewery"}, If_Match=tag).status == 200
    assert live.patch("organization", {"name": "Bank"}, If_Match=tag).code == "precondition_failed"
    developer = management.member(live.application.organization, Role.DEVELOPER)
    refused = live.on_behalf_of(developer).patch("organization", {"name": "Bank"})
    assert refused.code == "role_missing"
