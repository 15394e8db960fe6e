"""What can go wrong with organizations and their members."""

from apps.core.errors import Conflict, Denied, LimitReached, Missing


class RoleMissing(Denied):
    """Your role in this organization does not allow it."""

    code = "role_missing"


class LastOwner(Conflict):
    """An organization keeps at least one owner."""

    code = "last_owner"


class AlreadyMember(Conflict):
    """This person is a member already."""

    code = "already_member"


class InvitationGone(Missing):
    """This invitation is no longer good."""

    code = "invitation_gone"


class InvitationOfAnother(Denied):
    """This invitation is for another address."""

    code = "invitation_of_another"


class TooManyInvitations(LimitReached):
    """Too many invitations are open or were sent just now."""

    code = "too_many_invitations"
