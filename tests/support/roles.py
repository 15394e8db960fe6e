"""Who may do and open what, written out by hand.

The platform asks ``apps.orgs.permissions`` and ``portal.permissions``. Tests that asked the same
tables would find every slip in them right, so what was meant stands here a second time.
"""

from collections.abc import Iterable

from apps.orgs.models import Role

INITIALS = dict(zip("oadbu", Role, strict=True))  # owner, admin, developer, billing, auditor

ACTIONS = {
    "organization.read": "oadbu",
    "organization.rename": "oa",
    "ownership.transfer": "o",
    "member.read": "oadbu",
    "member.invite": "oa",
    "member.change_role": "oa",
    "member.remove": "oa",
    "application.read": "oadbu",
    "application.create": "oad",
    "application.change": "oad",
    "application.submit": "oad",
    "application.delete": "oa",
    "key.read": "oadu",
    "key.reveal": "oad",
    "key.create": "oad",
    "key.create_live": "oa",
    "key.change": "oad",
    "key.change_live": "oa",
    "key.rotate": "oad",
    "key.rotate_live": "oa",
    "key.revoke": "oad",
    "client.read": "oadu",
    "client.create": "oad",
    "client.create_live": "oa",
    "client.change": "oad",
    "client.change_live": "oa",
    "client.delete": "oa",
    "client.secret_create": "oad",
    "client.secret_create_live": "oa",
    "client.secret_revoke": "oad",
    "connection.create": "oad",
    "connection.create_live": "oa",
    "connection.revoke": "oa",
    "plan.request": "oab",
    "usage.read": "oadbu",
    "log.read": "oadu",
}
# Pages that ask for a role: who reads them, and who posts to them.
PAGES = {
    "overview": ("oadbu", "oadbu"),
    "usage": ("oadbu", "oadbu"),
    "usage-csv": ("oadbu", "oadbu"),
    "logs": ("oadu", "oadu"),
    "logs-detail": ("oadu", "oadu"),
    "applications": ("oadbu", "oadbu"),
    "applications-new": ("oad", "oad"),
    "applications-detail": ("oadbu", "oad"),
    "applications-submit": ("oad", "oad"),
    "applications-revoke-keys": ("oad", "oad"),
    "applications-limits": ("oadbu", "oab"),
    "applications-limits-withdraw": ("oab", "oab"),
    "applications-revisions": ("oadbu", "oadbu"),
    "applications-revisions-move": ("oad", "oad"),
    "applications-scopes": ("oad", "oad"),
    "applications-logo": ("oadbu", "oad"),
    "applications-oauth": ("oadu", "oadu"),
    "applications-oauth-new": ("oad", "oad"),
    "applications-oauth-tokens": ("oad", "oad"),
    "applications-client": ("oadu", "oad"),
    "applications-client-consent": ("oadu", "oadu"),
    "applications-client-delete": ("oa", "oa"),
    "applications-client-secret": ("oad", "oad"),
    "applications-client-secret-revoke": ("oad", "oad"),
    "keys": ("oadu", "oadu"),
    "keys-new": ("oad", "oad"),
    "keys-reveal": ("oad", "oad"),
    "keys-revoke": ("oad", "oad"),
    "keys-check": ("oadu", "oadu"),
    "keys-change": ("oad", "oad"),
    "keys-rotate": ("oad", "oad"),
    "keys-hand-over": ("oadu", "oadu"),
    "keys-hand-over-change": ("oad", "oad"),
    "keys-hand-over-end": ("oad", "oad"),
    "settings-organization": ("oa", "oa"),
    "members": ("oadbu", "oadbu"),
    "members-invite": ("oa", "oa"),
    "members-resend": ("oa", "oa"),
    "members-revoke": ("oa", "oa"),
    "members-role": ("oa", "oa"),
    "members-remove": ("oa", "oa"),
    "members-leave": ("oadbu", "oadbu"),
    "members-transfer": ("o", "o"),
    "members-connections": ("oa", "oa"),
    "members-connections-revoke": ("oa", "oa"),
}
# Pages of a person, whatever their role.
OWN = {
    "start",
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
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_index",
    "mfa_list_webauthn",
}
# What wants a proof of who is there that is no older than a few minutes.
PROVEN_ALWAYS = {
    "applications-oauth-new",
    "applications-client-delete",
    "applications-client-secret",
    "members-invite",
    "members-role",
    "members-remove",
    "members-leave",
    "members-transfer",
    "account_email",
    "account_change_password",
    "account_set_password",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}
PROVEN_TO_CHANGE = {"applications-oauth-tokens"}
SHUT = {*PAGES, *OWN, *PROVEN_ALWAYS}  # whatever else there is opens for everybody


def meant(initials: Iterable[str]) -> set[Role]:
    """Return the roles that ``initials`` stand for."""
    return {INITIALS[initial] for initial in initials}
