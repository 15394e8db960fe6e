"""Members and invitations over HTTP."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.core.rest.pagination import NEWEST
from apps.management import selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import InvitationBody, RoleBody
from apps.management.api.resources import INVITATION, MEMBER
from apps.management.api.serializers import InvitationSerializer, MemberSerializer
from apps.management.filters import InvitationFilters, MemberFilters
from apps.onboarding import invitations
from apps.orgs import members
from apps.orgs.errors import AlreadyMember, InvitationGone, LastOwner, TooManyInvitations

SHOWN: dict[str, Any] = {"answer": MemberSerializer, "example": examples.MEMBER}
INVITED: dict[str, Any] = {"answer": InvitationSerializer, "example": examples.INVITATION}
READ, WRITE = ["platform.members:read"], ["platform.members:write"]


class MemberView(ManagementView):
    """Who belongs to the organization."""

    resource, select = MEMBER, staticmethod(selectors.members)
    owned_by, named_by = "organization", "user"

    @reads(
        "members_list",
        summary="List members",
        scopes=READ,
        may="member.read",
        filters=MemberFilters,
        sorts=NEWEST,
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the organization's members; each is known by the person's id."""
        return self.page(self.mine())

    @reads(
        "members_retrieve",
        summary="Retrieve a member",
        scopes=READ,
        may="member.read",
        key="usr",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one member."""
        return self.show(self.one(id))

    @writes(
        "members_update",
        summary="Change a member's role",
        scopes=WRITE,
        may="member.change_role",
        real=True,
        key="usr",
        body=RoleBody,
        asks={"role": "admin"},
        problems=(LastOwner,),
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Give a member another role. Owners are made and changed by owners only."""
        member = self.mine_to_change(id)
        role = self.body(RoleBody, partial=True).get("role", member.role)
        members.change_role(member, role=role, actor=self.standing.actor)
        return self.show(member)

    @writes(
        "members_delete",
        summary="Remove a member",
        scopes=WRITE,
        may="member.remove",
        real=True,
        key="usr",
        status=204,
        problems=(LastOwner,),
    )
    def destroy(self, request: Request, id: str) -> None:  # noqa: A002 - the path's name
        """End somebody's membership. What they made belongs to the organization."""
        members.remove(self.mine_to_change(id), actor=self.standing.actor)


class InvitationView(ManagementView):
    """Who is asked to join."""

    resource, select = INVITATION, staticmethod(selectors.invitations)
    owned_by = "organization"

    @reads(
        "invitations_list",
        summary="List invitations",
        scopes=READ,
        may="member.read",
        filters=InvitationFilters,
        sorts=NEWEST,
        **INVITED,
    )
    def list(self, request: Request) -> Any:
        """Return a page of invitations, whatever became of them."""
        return self.page(self.mine())

    @writes(
        "invitations_create",
        summary="Invite somebody",
        scopes=WRITE,
        may="member.invite",
        real=True,
        body=InvitationBody,
        asks=examples.NEW_INVITATION,
        status=201,
        problems=(AlreadyMember, TooManyInvitations),
        **INVITED,
    )
    def create(self, request: Request) -> HttpResponse:
        """Send an invitation by mail. A pending one to the same address is renewed."""
        wanted, organization = self.body(InvitationBody), self.standing.tenant.organization
        made = invitations.invite(organization, **wanted, actor=self.standing.actor)
        return self.answer(self.show(made), 201)

    @reads(
        "invitations_retrieve",
        summary="Retrieve an invitation",
        scopes=READ,
        may="member.read",
        key="inv",
        **INVITED,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one invitation."""
        return self.show(self.one(id))

    @writes(
        "invitations_resend",
        summary="Send an invitation again",
        scopes=WRITE,
        may="member.invite",
        real=True,
        key="inv",
        problems=(InvitationGone, TooManyInvitations),
        **INVITED,
    )
    def resend(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Send another link for another week; the one before no longer works."""
        self.no_body()
        invitation = self.mine_to_change(id)
        invitations.resend(invitation, actor=self.standing.actor)
        return self.show(self.one(id))

    @writes(
        "invitations_revoke",
        summary="Revoke an invitation",
        scopes=WRITE,
        may="member.invite",
        real=True,
        key="inv",
        **INVITED | {"example": examples.INVITATION | {"state": "revoked"}},
    )
    def revoke(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Take an invitation back. Twice is harmless."""
        self.no_body()
        invitation = self.mine_to_change(id)
        invitations.revoke(invitation, actor=self.standing.actor)
        return self.show(self.one(id))
