"""Who may call which operation with a person behind the credential: every role, written out."""

import pytest
from django.db import transaction

from apps.core import ids
from apps.orgs.models import Role
from tests.apps.management.test_isolation import PREFIXES, Operation, named, operations
from tests.support import management
from tests.support.roles import meant

ANYBODY = "oadbu"
IN_SANDBOXES = {
    "applications_create": "oad",
    "applications_list": ANYBODY,
    "applications_retrieve": ANYBODY,
    "applications_submit": "oad",
    "applications_update": "oad",
    "client_secrets_create": "oad",
    "client_secrets_list": "oadu",
    "client_secrets_retrieve": "oadu",
    "client_secrets_revoke": "oad",
    "clients_create": "oad",
    "clients_delete": "oa",
    "clients_list": "oadu",
    "clients_retrieve": "oadu",
    "clients_update": "oad",
    "connections_delete": "oa",
    "connections_list": "oa",
    "connections_retrieve": "oa",
    "end_users_create": "oad",
    "end_users_delete": "oad",
    "end_users_list": ANYBODY,
    "end_users_retrieve": ANYBODY,
    "initial_tokens_create": "oad",
    "initial_tokens_list": "oadu",
    "initial_tokens_retrieve": "oadu",
    "initial_tokens_revoke": "oad",
    "invitations_create": "oa",
    "invitations_list": ANYBODY,
    "invitations_resend": "oa",
    "invitations_retrieve": ANYBODY,
    "invitations_revoke": "oa",
    "keys_check": "oadu",
    "keys_create": "oad",
    "keys_end": "oad",
    "keys_list": "oadu",
    "keys_overlap": "oad",
    "keys_retrieve": "oadu",
    "keys_revoke": "oad",
    "keys_rotate": "oad",
    "keys_update": "oad",
    "logos_change": "oad",
    "logos_delete": "oad",
    "members_delete": "oa",
    "members_list": ANYBODY,
    "members_retrieve": ANYBODY,
    "members_update": "oa",
    "organization_retrieve": ANYBODY,
    "organization_update": "oa",
    "plan_requests_create": "oab",
    "plan_requests_list": ANYBODY,
    "plan_requests_retrieve": ANYBODY,
    "plan_requests_withdraw": "oab",
    "plans_list": ANYBODY,
    "revisions_change": "oad",
    "revisions_retrieve": ANYBODY,
    "scopes_list": ANYBODY,
    "tenants_list": ANYBODY,
    "tenants_retrieve": ANYBODY,
}
ON_LIVE_DATA = IN_SANDBOXES | dict.fromkeys(
    (
        "client_secrets_create",
        "clients_create",
        "clients_update",
        "initial_tokens_create",
        "initial_tokens_revoke",
        "keys_create",
        "keys_overlap",
        "keys_rotate",
        "keys_update",
    ),
    "oa",
)
REAL = {  # A sandbox credential changes nothing there, whoever is behind it.
    "invitations_create",
    "invitations_resend",
    "invitations_revoke",
    "members_delete",
    "members_update",
    "organization_update",
}
WITH_A_SCOPE = [one for one in operations() if one.scopes]


def test_every_operation_has_its_roles_written_out() -> None:
    assert {one.name for one in WITH_A_SCOPE} == set(IN_SANDBOXES)


@pytest.mark.parametrize("where", ["sandbox", "live"])
@pytest.mark.parametrize("operation", WITH_A_SCOPE, ids=named)
def test_an_operation_is_for_whom_it_is_meant(operation: Operation, where: str, db: None) -> None:
    api = management.live() if where == "live" else management.sandboxed()
    allowed = ON_LIVE_DATA if where == "live" else IN_SANDBOXES
    key = ids.new(PREFIXES.get(operation.plural, "app"))
    for role in Role:
        person = management.member(api.application.organization, role)
        with transaction.atomic():
            answer = operation.send(api.on_behalf_of(person), key)
            transaction.set_rollback(True)
        refused = answer.status == 403 and answer.code == "role_missing"
        if where == "sandbox" and operation.name in REAL:
            assert (answer.status, answer.code) == (403, "live_credential_needed"), role
        else:
            assert refused == (role not in meant(allowed[operation.name])), role
            assert answer.status < 500
