"""Members of the current organization: list, invite, give roles, remove, hand over, leave."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Problem
from apps.onboarding import invitations
from apps.orgs import members
from apps.orgs.models import Invitation, Membership, Organization, Role
from portal.forms.member import InvitationForm, RoleForm
from portal.forms.refusing import refuse
from portal.request import PortalRequest, membership_of

SHOWN = 200


@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List who belongs here and who is invited."""
    own, organization = _own(request)
    people = organization.memberships.select_related("user").order_by("joined_at", "pk")
    invited = organization.invitations.pending().select_related("invited_by").order_by("-pk")
    context = {
        "own": own,
        "members": people[:SHOWN],
        "invitations": invited[:SHOWN],
        "pending": invitations.PENDING,
    }
    return render(request, "portal/members/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PortalRequest) -> HttpResponse:
    """Invite somebody by mail."""
    own, organization = _own(request)
    form = InvitationForm(request.POST or None, by=own.role)
    if request.method == "POST" and form.is_valid():
        try:
            made = invitations.invite(organization, **form.cleaned_data, actor=request.user)
        except Problem as problem:
            refuse(form, problem)
        else:
            messages.success(request, _("A mail is on its way to %(to)s.") % {"to": made.email})
            return redirect("portal:members")
    context = {"form": form, "organization": organization}
    return render(request, "portal/members/invite.html", context)


@require_POST
def resend(request: PortalRequest, invitation_id: str) -> HttpResponse:
    """Send an invitation once more, with a new link."""
    invitation = _invitation(request, invitation_id)
    try:
        invitations.resend(invitation, actor=request.user)
    except Problem as problem:
        messages.error(request, problem.detail)
    else:
        to = invitation.email
        messages.success(request, _("Another mail is on its way to %(to)s.") % {"to": to})
    return redirect("portal:members")


@require_POST
def revoke(request: PortalRequest, invitation_id: str) -> HttpResponse:
    """Take an invitation back."""
    invitation = _invitation(request, invitation_id)
    invitations.revoke(invitation, actor=request.user)
    to = invitation.email
    messages.success(request, _("The invitation of %(to)s is no longer good.") % {"to": to})
    return redirect("portal:members")


@require_http_methods(["GET", "HEAD", "POST"])
def role(request: PortalRequest, member_id: int) -> HttpResponse:
    """Give a member another role."""
    member, own = _member(request, member_id), _own(request)[0]
    form = RoleForm(request.POST or None, by=own.role, initial={"role": member.role})
    if request.method == "POST" and form.is_valid():
        try:
            members.change_role(member, role=form.cleaned_data["role"], actor=request.user)
        except Problem as problem:
            form.add_error("role", problem.detail)
        else:
            words = {"who": member.user, "role": member.get_role_display().lower()}
            messages.success(request, _("%(who)s is %(role)s from now on.") % words)
            return redirect("portal:members")
    return render(request, "portal/members/role.html", {"form": form, "member": member})


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PortalRequest, member_id: int) -> HttpResponse:
    """Remove a member: a page that asks once, and the act."""
    member = _member(request, member_id)
    if request.method != "POST":
        return render(request, "portal/members/remove.html", {"member": member})
    members.remove(member, actor=request.user)
    messages.success(request, _("%(who)s no longer belongs here.") % {"who": member.user})
    return redirect("portal:members")


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: PortalRequest, member_id: int) -> HttpResponse:
    """Make another member the owner: a page that asks once, and the act."""
    member = _member(request, member_id)
    if request.method != "POST":
        return render(request, "portal/members/transfer.html", {"member": member})
    members.transfer(member, actor=request.user)
    messages.success(request, _("%(who)s owns the organization now.") % {"who": member.user})
    return redirect("portal:members")


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: PortalRequest) -> HttpResponse:
    """Leave the organization: a page that asks once, and the act."""
    own, organization = _own(request)
    if request.method != "POST":
        alone = own.role == Role.OWNER and not _other_owners(own)
        context = {"organization": organization, "alone": alone}
        return render(request, "portal/members/leave.html", context)
    members.leave(own, actor=request.user)
    messages.success(request, _("You left %(name)s.") % {"name": organization})
    return redirect("portal:organizations")


def _own(request: PortalRequest) -> tuple[Membership, Organization]:
    """Return the reader's own place, which ``Doors`` made sure of, and the organization."""
    own = membership_of(request)
    if own is None:
        raise LookupError("This page needs a role.")
    return own, own.organization


def _member(request: PortalRequest, member_id: int) -> Membership:
    mine = Membership.objects.visible_to(request.user).select_related("organization", "user")
    return get_object_or_404(mine, pk=member_id)


def _invitation(request: PortalRequest, invitation_id: str) -> Invitation:
    mine = Invitation.objects.visible_to(request.user).pending()
    return get_object_or_404(mine.select_related("organization"), pk=invitation_id)


def _other_owners(own: Membership) -> bool:
    owners = Membership.objects.filter(organization=own.organization_id, role=Role.OWNER)
    return owners.exclude(pk=own.pk).exists()
