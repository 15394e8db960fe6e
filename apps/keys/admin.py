"""API keys, for the operator. Neither digest nor sealed secret is ever shown."""

from typing import ClassVar

from django.contrib import admin
from unfold.enums import ActionVariant

from apps.accounts.models import User
from apps.core.office import Record, coloured, decision
from apps.keys import leaks
from apps.keys import services as keys
from apps.keys.models import Key, LeakReport

COLOURS = {
    "active": "success",
    "retiring": "info",
    "waiting": "warning",
    "rotated": "danger",
    "expired": "danger",
    "revoked": "danger",
}


def open_still(key: Key) -> bool:
    """Tell whether there is something to revoke."""
    return key.revoked_at is None


def unsettled(leak: LeakReport) -> bool:
    """Tell whether it is still to be revoked."""
    return leak.settled_at is None


@admin.register(Key)
class KeyAdmin(Record):
    """Keys by their name and the end of their secret."""

    list_display: ClassVar = ["name", "hint", "application", "tenant", "standing", "last_used_at"]
    list_filter: ClassVar = ["kind", "tenant__kind", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related: ClassVar = ["application", "tenant"]
    search_fields: ClassVar = ["name", "hint", "application__name"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "hint", "kind", "application", "tenant", "scopes", "ip_allow"]}),
        ("Life", {"fields": ["not_before", "expires_at", "created_at"]}),
        ("Use", {"fields": ["last_used_at", "last_used_from"]}),
        ("Hand-over", {"fields": ["rotated_at", "silent_hours", "alert_at", "retire_at"]}),
        ("End", {"fields": ["standing", "revoked_at", "revoked_reason"]}),
        ("Origin", {"fields": ["id", "created_by", "rotated_from"]}),
    ]
    readonly_fields: ClassVar = ["standing"]
    actions_detail: ClassVar = ["revoke"]

    @coloured("State", COLOURS)
    def standing(self, key: Key) -> str:
        """Return whether the key opens anything."""
        return key.state

    @decision(
        "Revoke",
        permission="keys.change_key",
        offered=open_still,
        variant=ActionVariant.DANGER,
    )
    def revoke(self, key: Key, reason: str, actor: User) -> None:
        """Close the key for good."""
        keys.revoke(key, reason=reason[:200], actor=actor)


@admin.register(LeakReport)
class LeakReportAdmin(Record):
    """Keys and other credentials that were found in public, and what came of it."""

    list_display: ClassVar = ["what", "reporter", "place", "course", "due_at", "reported_at"]
    list_filter: ClassVar = ["policy", ("settled_at", admin.EmptyFieldListFilter)]
    list_select_related: ClassVar = ["key"]
    search_fields: ClassVar = ["subject", "key__name", "key__hint", "reporter", "url"]
    fieldsets: ClassVar = [
        (None, {"fields": ["subject", "key", "reporter", "url", "place", "reported_at"]}),
        ("What happens", {"fields": ["course", "policy", "due_at", "settled_at"]}),
        ("Origin", {"fields": ["id"]}),
    ]
    readonly_fields: ClassVar = ["course"]
    actions_detail: ClassVar = ["dismiss"]

    @admin.display(description="Found", ordering="subject")
    def what(self, leak: LeakReport) -> str:
        """Return the key, or what else was found."""
        return str(leak.key or leak.subject)

    @coloured("Course", {"waiting": "warning", "settled": "success"})
    def course(self, leak: LeakReport) -> str:
        """Return whether something is still to be done."""
        return "waiting" if unsettled(leak) else "settled"

    @decision("Let it live on", permission="keys.change_leakreport", offered=unsettled)
    def dismiss(self, leak: LeakReport, reason: str, actor: User) -> None:
        """Spare what was found: it will not be revoked for this report."""
        leaks.dismiss(leak, reason=reason, actor=actor)
