"""One object of each kind, as the documentation shows it."""

from typing import Any

APPLICATION_ID = "app_01NThrfYqWkD7dUfQm3aZB"
TENANT_ID = "tnt_01NThrfZ2nXo8kVbTc5eYD"
KEY_ID = "key_01NThrfbH4mPq9sWdRj7gF"
CLIENT_ID = "cli_01NThrfcK5tRu2yXfLk8hG"
SECRET_ID = "csk_01NThrfdN6vSw3zYgMm9jH"  # noqa: S105 - an identifier
ORGANIZATION_ID = "org_01NThrfeP7xTx4AZhNn0kJ"
USER_ID = "usr_01NThrffQ8yUy5BaiPp1mK"
PLAN_REQUEST_ID = "pcr_01NThrfjU4cYb9efmTs5pN"
INITIAL_ID = "iat_01NThrfhS2aWz7dckRr3oM"
INVITATION_ID = "inv_01NThrfgR9zVz6CbjQq2nL"
CONNECTION_ID = "con_01NThrfkV5dZc0fnuUt6qP"
AT = "2026-11-22T10:15:30.123456Z"
SCOPES = ["orders:read", "orders:write"]


def _common(name: str, key: str, *, live: bool = False) -> dict[str, Any]:
    return {"object": name, "id": key, "livemode": live, "created_at": AT}


CALLER = {
    "object": "caller",
    "id": KEY_ID,
    "livemode": False,
    "application": APPLICATION_ID,
    "organization": ORGANIZATION_ID,
    "tenant": TENANT_ID,
    "subject": None,
    "role": "admin",
    "scopes": ["orders:read", "platform.keys:write"],
    "plan": "free",
}
POLICY = {
    "name": "burst",
    "kind": "rate",
    "scope": "application",
    "limit": 100,
    "window": 1,
    "burst": 150,
    "period": None,
    "api": None,
    "operations": [],
    "shadow": False,
}
LIMITS = {
    "object": "list",
    "data": [
        {
            "object": "limit",
            **POLICY,
            "left": 149,
            "resets_at": "2026-11-22T13:00:01Z",
            "override_until": None,
        }
    ],
    "has_more": False,
    "next_cursor": None,
}
ORGANIZATION = _common("organization", ORGANIZATION_ID, live=True) | {"name": "Bicycle Shop"}
TENANT = _common("tenant", TENANT_ID) | {"name": "Sandbox", "kind": "sandbox"}
MEMBER = _common("member", USER_ID, live=True) | {
    "email": "ada@example.com",
    "name": "Ada Lindqvist",
    "role": "developer",
}
INVITATION = _common("invitation", INVITATION_ID, live=True) | {
    "email": "grace@example.com",
    "role": "developer",
    "state": "open",
    "sent_at": AT,
    "expires_at": "2026-11-29T10:15:30.123456Z",
}
CONNECTION = _common("connection", CONNECTION_ID, live=True) | {
    "member": USER_ID,
    "tenant": TENANT_ID,
    "client": CLIENT_ID,
    "name": "Ledger",
    "publisher": "Bookkeepers",
    "verified": True,
    "scopes": ["openid", "orders:read"],
    "last_used_at": AT,
}
SCOPE = {
    "object": "scope",
    "id": "orders:write",
    "livemode": True,
    "title": "Create, change and cancel orders",
    "risk": "high",
}
APPLICATION = _common("application", APPLICATION_ID) | {
    "name": "Ledger",
    "description": "Books what is sold.",
    "homepage": None,
    "state": "draft",
    "state_reason": None,
    "requested_scopes": SCOPES,
    "optional_scopes": [],
    "approved_scopes": [],
    "logo": None,
    "approved_name": None,
    "approved_homepage": None,
    "approved_logo": None,
}
ILLUSTRATED = APPLICATION | {
    "logo": f"https://developers.example.com/logos/{APPLICATION_ID}/9f86d081884c7d65.png"
}
SUBMITTED = APPLICATION | {"state": "submitted"}
KEY = _common("key", KEY_ID) | {
    "name": "Staging server",
    "kind": "secret",
    "start": "trl_test_k",
    "hint": "x7Qa",
    "application": APPLICATION_ID,
    "tenant": TENANT_ID,
    "scopes": SCOPES,
    "ip_allow": [],
    "state": "active",
    "not_before": None,
    "expires_at": None,
    "rotated_from": None,
    "rotated_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
ISSUED_KEY = KEY | {"secret": "trl_test_k…x7Qa"}
REVOKED_KEY = KEY | {"state": "revoked", "revoked_at": AT}
RETIRING_KEY = KEY | {
    "state": "retiring",
    "rotated_at": AT,
    "expires_at": "2026-11-24T10:15:00Z",
}
ROTATED_KEY = RETIRING_KEY | {"state": "rotated", "expires_at": AT}
KEY_CHECK = {
    "object": "key_check",
    "kind": "secret",
    "livemode": False,
    "fault": None,
    "key": KEY_ID,
}
PLAN = {
    "object": "plan",
    "id": "growth",
    "livemode": True,
    "name": "Growth",
    "summary": "For applications with customers.",
    "limits": [POLICY],
}
PLAN_REQUEST = _common("plan_request", PLAN_REQUEST_ID, live=True) | {
    "application": APPLICATION_ID,
    "plan": "growth",
    "reason": "We open in three more countries in spring.",
    "state": "waiting",
    "decision_reason": None,
    "decided_at": None,
}
WITHDRAWN_PLAN_REQUEST = PLAN_REQUEST | {"state": "withdrawn", "decided_at": AT}
NEW_PLAN_REQUEST = {
    "application": APPLICATION_ID,
    "plan": "growth",
    "reason": "We open in three more countries in spring.",
}
INITIAL_TOKEN = _common("initial_token", INITIAL_ID) | {
    "application": APPLICATION_ID,
    "hint": "t8Wc",
    "uses_left": 5,
    "expires_at": "2026-11-29T10:15:30.123456Z",
}
ISSUED_INITIAL_TOKEN = INITIAL_TOKEN | {"secret": "trl_test_i…t8Wc"}
REVOKED_INITIAL_TOKEN = INITIAL_TOKEN | {"uses_left": 0}
END_USER = _common("end_user", USER_ID) | {
    "tenant": TENANT_ID,
    "email": "mia.01nthrfz2nxo8kvbtc5eyd@people.test",
    "name": "Mia Okafor",
}
CLIENT = _common("client", CLIENT_ID) | {
    "application": APPLICATION_ID,
    "name": "Back office",
    "redirect_uris": ["https://ledger.example/callback"],
    "post_logout_redirect_uris": [],
    "grant_types": ["authorization_code", "refresh_token"],
    "authentication": "client_secret_basic",
    "jwks": None,
    "token_format": "opaque",
    "ip_allow": [],
    "scopes": [],
    "dpop_required": False,
    "par_required": False,
    "id_token_algorithm": "RS256",
    "backchannel_logout_uri": None,
    "last_used_at": None,
}
CLIENT_SECRET = _common("client_secret", SECRET_ID) | {
    "client": CLIENT_ID,
    "hint": "p3Zd",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}
ISSUED_CLIENT_SECRET = CLIENT_SECRET | {"secret": "trl_test_c…p3Zd"}
REVOKED_CLIENT_SECRET = CLIENT_SECRET | {"revoked_at": AT}
REVISIONS = {
    "object": "revisions",
    "id": APPLICATION_ID,
    "livemode": False,
    "versions": [
        {
            "version": "commerce/v1",
            "revision": "2026-06-01",
            "since": AT,
            "back_to": None,
            "back_until": None,
            "newer": [
                {
                    "revision": "2026-11-01",
                    "words": "A customer's `phone` is called `phone_number`.",
                }
            ],
        }
    ],
}
MOVED_REVISIONS = REVISIONS | {
    "versions": [
        {
            "version": "commerce/v1",
            "revision": "2026-11-01",
            "since": AT,
            "back_to": "2026-06-01",
            "back_until": "2026-11-25T10:15:30.123456Z",
            "newer": [],
        }
    ],
}
NEW_APPLICATION = {"name": "Ledger", "requested_scopes": SCOPES}
NEW_KEY = {"application": APPLICATION_ID, "name": "Staging server", "scopes": SCOPES}
NEW_CLIENT = {
    "application": APPLICATION_ID,
    "name": "Back office",
    "redirect_uris": ["https://ledger.example/callback"],
}
NEW_CLIENT_SECRET = {"client": CLIENT_ID, "overlap_hours": 24}
NEW_INITIAL_TOKEN = {
    "application": APPLICATION_ID,
    "uses": 5,
    "expires_at": "2026-11-29T10:15:30Z",
}
NEW_INVITATION = {"email": "grace@example.com", "role": "developer"}
