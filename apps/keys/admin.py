"""API keys, for the operator. Neither digest nor sealed secret is ever shown."""

from typing import ClassVar

from django.contrib import admin
from unfold.enums import ActionVariant

from apps.accounts.models import User
from apps.core.office import Record, coloured, decision
from apps.keys import services as keys
from apps.keys.models import Key


def open_still(key: Key) -> bool:
    """Tell whether there is something to revoke."""
    return key.revoked_at is None


@admin.register(Key)
class KeyAdmin(Record):
    """Keys by their name and the end of their secret."""

    list_display: ClassVar = ["name", "hint", "application", "tenant", "standing", "last_used_at"]
    list_filter: ClassVar = ["kind", "tenant__kind", ("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related: ClassVar = ["application", "tenant"]
    search_fields: ClassVar = ["name", "hint", "application__name"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "hint", "kind", "application", "tenant", "scopes", "ip_allow"]}),
        ("Life", {"fields": ["not_before", "expires_at", "last_used_at", "created_at"]}),
        ("End", {"fields": ["standing", "revoked_at", "revoked_reason"]}),
        ("Origin", {"fields": ["id", "created_by", "rotated_from"]}),
    ]
    readonly_fields: ClassVar = ["standing"]
    actions_detail: ClassVar = ["revoke"]

    @coloured(
        "State",
        {"active": "success", "revoked": "danger", "expired": "danger", "waiting": "warning"},
    )
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
