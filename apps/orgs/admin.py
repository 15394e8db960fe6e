"""Memberships, for the operator. Organizations stand in ``apps.moderation.admin``."""

from typing import ClassVar

from django.contrib import admin

from apps.core.office import Record
from apps.orgs.models import Membership


@admin.register(Membership)
class MembershipAdmin(Record):
    """Who belongs where."""

    list_display: ClassVar = ["user", "organization", "role", "joined_at"]
    list_filter: ClassVar = ["role"]
    list_select_related: ClassVar = ["user", "organization"]
    search_fields: ClassVar = ["user__email", "organization__name"]
    fields: ClassVar = ["organization", "user", "role", "joined_at"]
