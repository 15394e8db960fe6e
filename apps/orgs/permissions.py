"""Who may do what in an organization: one table of roles and actions.

Pages, services and the platform's API all ask ``may``. An action is named by what it acts on and a
verb. What the table does not name, nobody may do.
"""

from typing import Final

from django.utils.text import get_text_list

from apps.orgs.models import Role

OWNER, ADMIN, DEVELOPER, BILLING, AUDITOR = Role
EVERYONE: Final = frozenset(Role)
BUILDERS: Final = frozenset({OWNER, ADMIN, DEVELOPER})
READERS: Final = BUILDERS | {AUDITOR}
LEADERS: Final = frozenset({OWNER, ADMIN})
OWNERS: Final = frozenset({OWNER})

PERMISSIONS: Final[dict[str, frozenset[Role]]] = {
    "organization.read": EVERYONE,
    "organization.rename": LEADERS,
    "ownership.transfer": OWNERS,
    "member.read": EVERYONE,
    "member.invite": LEADERS,
    "member.change_role": LEADERS,
    "member.remove": LEADERS,
    "application.read": EVERYONE,
    "application.create": BUILDERS,
    "application.change": BUILDERS,
    "application.submit": BUILDERS,
    "application.delete": LEADERS,
    "key.read": READERS,
    "key.reveal": BUILDERS,  # sandbox keys; those of live data are shown once, to their maker
    "key.create": BUILDERS,
    "key.create_live": LEADERS,
    "key.change": BUILDERS,
    "key.change_live": LEADERS,  # other networks, or a longer life
    "key.rotate": BUILDERS,
    "key.rotate_live": LEADERS,
    "key.revoke": BUILDERS,
    "client.read": READERS,
    "client.create": BUILDERS,
    "client.create_live": LEADERS,  # one that signs for itself needs no secret of ours
    "client.change": BUILDERS,
    "client.change_live": LEADERS,  # other keys or addresses are as good as a secret
    "client.delete": LEADERS,
    "client.secret_create": BUILDERS,
    "client.secret_create_live": LEADERS,
    "client.secret_revoke": BUILDERS,
    "connection.create": BUILDERS,  # letting an application act on the organization's data
    "connection.create_live": LEADERS,
    "connection.revoke": LEADERS,  # what another member let it do; everybody ends their own
    "end_user.invent": BUILDERS,  # test users of sandboxes
    "end_user.remove": BUILDERS,
    "plan.request": LEADERS | {BILLING},
    "usage.read": EVERYONE,
    "log.read": READERS,
}


def may(role: str | None, action: str) -> bool:
    """Tell whether a member with ``role`` may do ``action``; who is no member may do nothing."""
    return role in PERMISSIONS[action]


def those_who_may(action: str) -> str:
    """Return the roles that may do ``action``, in words: "owner or admin"."""
    return get_text_list([role.label.lower() for role in Role if role in PERMISSIONS[action]], "or")
