"""Who may open which page: one entry for each route, kept by ``portal.middleware.Doors``.

An entry is ``PUBLIC``, ``SIGNED_IN``, or names actions of ``apps.orgs.permissions`` that the role
in the current organization must allow: one to read, and perhaps another to change something.
``fresh`` says what needs a recent proof of who is there; ``staff`` lets the operator's staff in,
as far as the view does. A route without an entry opens for nobody.
"""

from dataclasses import dataclass
from typing import Final, Literal

from django.http import HttpRequest

from apps.orgs.permissions import PERMISSIONS

Fresh = Literal["", "changes", "always"]
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What one route asks for. Without actions it asks for a person only, or for nobody."""

    public: bool = False
    plain: bool = False  # the same for everybody, so nobody's session is read
    reads: str = ""
    changes: str = ""
    fresh: Fresh = ""
    staff: bool = False
    guarded: bool = False  # staff without a second factor prove by mail that it is them

    def action(self, method: str | None) -> str:
        """Return the action that ``method`` means here."""
        return self.reads if method in SAFE else self.changes or self.reads

    def wants_proof(self, method: str | None) -> bool:
        """Tell whether ``method`` needs a recent proof here."""
        return self.fresh == "always" or (self.fresh == "changes" and method not in SAFE)


def role(reads: str, changes: str = "", *, fresh: Fresh = "", staff: bool = False) -> Entry:
    """Return an entry that asks for a role; a typing error is found at once."""
    unknown = {reads, changes or reads} - set(PERMISSIONS)
    if unknown:
        raise LookupError(f"No such action: {', '.join(sorted(unknown))}.")
    return Entry(reads=reads, changes=changes, fresh=fresh, staff=staff)


PLAIN: Final = Entry(public=True, plain=True)
PUBLIC: Final = Entry(public=True)
SIGNED_IN: Final = Entry()
PROVEN: Final = Entry(fresh="always")
GUARDED: Final = Entry(fresh="always", guarded=True)

PORTAL: Final[dict[str, Entry]] = {
    **dict.fromkeys(
        ("healthz", "theme-css", "icon", "favicon", "robots", "llms", "logo", "openapi"), PLAIN
    ),
    **dict.fromkeys(
        (
            "landing",
            "terms",
            "found-a-key",
            "theme",
            "mode",
            "outbox",
            "outbox-detail",
            "explain",
            "docs",
            "moving",
            "changelog",
            "changelog-entry",
            "changelog-source",
            "changelog-feed",
            "errors",
            "error",
            "events",
            "docs-guide-source",
            "docs-guide",
            "scopes",
            "authorize",  # signs people in by itself: a client may have asked for no page at all
            "authorize-decide",
            "sign-out",
            "sign-out-confirm",
            "invitation",
            "invitation-accept",
        ),
        PUBLIC,
    ),
    **dict.fromkeys(
        (
            "start",  # Who may read no key finds a page that says so.
            "start-run",
            "start-first",
            "swagger",
            "connections",
            "connections-revoke",
            "device",
            "device-decide",
            "settings",
            "settings-sign-out",
            "settings-code",
            "settings-sessions",
            "settings-sessions-end",
            "settings-sessions-end-others",
            "organizations",
            "organizations-new",
            "organizations-switch",
        ),
        SIGNED_IN,
    ),
    "overview": role("usage.read"),
    "usage": role("usage.read"),
    "usage-csv": role("usage.read"),
    "usage-deprecated": role("usage.read"),
    "logs": role("log.read"),
    "logs-detail": role("log.read", staff=True),
    "applications": role("application.read"),
    "applications-new": role("application.create"),
    "applications-detail": role("application.read", "application.change"),
    "applications-submit": role("application.submit"),
    "applications-revoke-keys": role("key.revoke"),
    "applications-limits": role("application.read", "plan.request"),
    "applications-limits-withdraw": role("plan.request"),
    "applications-revisions": role("application.read"),
    "applications-revisions-move": role("application.change"),
    "applications-scopes": role("application.change"),
    "applications-logo": role("application.read", "application.change"),
    "applications-oauth": role("client.read"),
    "applications-oauth-new": role("client.create", fresh="always"),
    "applications-oauth-tokens": role("client.create", fresh="changes"),
    "applications-client": role("client.read", "client.change"),
    "applications-client-consent": role("client.read"),
    "applications-client-delete": role("client.delete", fresh="always"),
    "applications-client-secret": role("client.secret_create", fresh="always"),
    "applications-client-secret-revoke": role("client.secret_revoke"),
    "keys": role("key.read"),
    "keys-new": role("key.create"),
    "keys-reveal": role("key.reveal"),
    "keys-revoke": role("key.revoke"),
    "keys-check": role("key.read"),
    "keys-change": role("key.change"),
    "keys-rotate": role("key.rotate"),
    "keys-hand-over": role("key.read"),
    "keys-hand-over-change": role("key.rotate"),
    "keys-hand-over-end": role("key.revoke"),
    "settings-organization": role("organization.rename"),
    "members": role("member.read"),
    "members-invite": role("member.invite", fresh="always"),  # an owner's role, perhaps
    "members-resend": role("member.invite"),
    "members-revoke": role("member.invite"),
    "members-role": role("member.change_role", fresh="always"),
    "members-remove": role("member.remove", fresh="always"),
    "members-leave": role("organization.read", fresh="always"),
    "members-transfer": role("ownership.transfer", fresh="always"),
    "members-connections": role("connection.revoke"),
    "members-connections-revoke": role("connection.revoke"),
    "members-test-users": role("organization.read"),
    "members-test-users-new": role("end_user.invent"),
    "members-test-users-remove": role("end_user.remove"),
}
ACCOUNT: Final[dict[str, Entry]] = {
    **dict.fromkeys(
        (
            "account_login",
            "account_logout",
            "account_inactive",
            "account_signup",
            "account_email_verification_sent",
            "account_reset_password",
            "account_reset_password_done",
            "account_reset_password_from_key",
            "account_reset_password_from_key_done",
            "mfa_authenticate",
            "mfa_login_webauthn",
        ),
        PUBLIC,
    ),
    **dict.fromkeys(
        (
            "account_reauthenticate",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "mfa_index",
            "mfa_list_webauthn",
        ),
        SIGNED_IN,
    ),
    **dict.fromkeys(
        (
            "account_change_password",
            "account_set_password",
            "mfa_edit_webauthn",
            "mfa_remove_webauthn",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_download_recovery_codes",
        ),
        PROVEN,
    ),
    **dict.fromkeys(("account_email", "mfa_add_webauthn", "mfa_activate_totp"), GUARDED),
}


def entry_of(request: HttpRequest) -> Entry | None:
    """Return the entry of the route; None where the portal does not decide."""
    match = request.resolver_match
    if match is None or match.url_name is None:
        return None
    if match.namespace == "portal":
        if match.url_name not in PORTAL:
            raise LookupError(f"{match.url_name} needs an entry in portal/permissions.py.")
        return PORTAL[match.url_name]
    return ACCOUNT.get(match.url_name) if not match.namespace else None
