"""Memberships and invitations, for the operator.

Organizations stand in ``apps.moderation.admin``.
"""

from typing import ClassVar

from django.contrib import admin

from apps.core.office import Record, coloured
from apps.orgs.models import Invitation, Membership


@admin.register(Membership)
class MembershipAdmin(Record):
    """Who belongs where."""

    list_display: ClassVar = ["user", "organization", "role", "joined_at"]
    list_filter: ClassVar = ["role"]
    list_select_related: ClassVar = ["user", "organization"]
    search_fields: ClassVar = ["user__email", "organization__name"]
    fields: ClassVar = ["organization", "user", "role", "joined_at"]


@admin.register(Invitation)
class InvitationAdmin(Record):
    """Who was invited where, and what became of it. The link is in the mail only."""

    list_display: ClassVar = ["email", "organization", "role", "standing", "sent_at"]
    list_filter: ClassVar = ["role"]
    list_select_related: ClassVar = ["organization"]
    search_fields: ClassVar = ["email", "organization__name"]
    fields: ClassVar = [
        "id",
        "organization",
        "email",
        "role",
        "invited_by",
        "created_at",
        "sent_at",
        "expires_at",
        "accepted_at",
        "accepted_by",
        "revoked_at",
    ]

    @coloured(
        "State",
        {"open": "info", "accepted": "success", "expired": "warning", "revoked": "danger"},
    )
    def standing(self, invitation: Invitation) -> str:
        """Tell what became of it."""
        return invitation.state
