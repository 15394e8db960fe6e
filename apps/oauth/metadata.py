"""What the authorization server says of itself: RFC 8414 and OpenID Connect Discovery in one.

Both addresses answer with this one document, so no client learns less by asking at the other.
"""

from typing import Any, Final

from django.conf import settings

from apps.oauth import assertions, claims, proofs, scopes, signing
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType

PATHS: Final = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "pushed_authorization_request_endpoint": "/oauth/par",
    "device_authorization_endpoint": "/oauth/device_authorization",
    "introspection_endpoint": "/oauth/introspect",
    "revocation_endpoint": "/oauth/revoke",
    "userinfo_endpoint": "/oauth/userinfo",
    "end_session_endpoint": "/oauth/logout",
    "registration_endpoint": "/oauth/register",
    "jwks_uri": "/.well-known/jwks.json",
    "service_documentation": "/docs",
    "op_tos_uri": "/terms",
}
PROMPTS: Final = ("none", "login", "consent", "select_account")


def document() -> dict[str, Any]:
    """Return the metadata; without a registration endpoint when the operator closed it."""
    addresses = {name: settings.PORTAL_URL + path for name, path in PATHS.items()}
    if settings.REGISTRATION == "off":
        del addresses["registration_endpoint"]
    return {"issuer": settings.PORTAL_URL} | addresses | _protocol() | _openid()


def _protocol() -> dict[str, Any]:
    return {
        "scopes_supported": list(scopes.known()),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GrantType.values),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": False,
        "dpop_signing_alg_values_supported": list(proofs.ALGORITHMS),
        "protected_resources": [settings.API_URL],
        "ui_locales_supported": [code for code, _ in settings.LANGUAGES],
    } | {
        f"{endpoint}_endpoint_auth_{said}": values
        for endpoint in ("token", "revocation", "introspection")
        for said, values in {
            "methods_supported": _methods(endpoint),
            "signing_alg_values_supported": list(assertions.ALGORITHMS),
        }.items()
    }


def _openid() -> dict[str, Any]:
    return {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(signing.ALGORITHMS),
        "claim_types_supported": ["normal"],
        "claims_supported": list(claims.SUPPORTED),
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": list(PROMPTS),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": False,
    }


def _methods(endpoint: str) -> list[str]:
    """Return how clients authenticate there; what others' tokens are is no public client's."""
    public = Client.Auth.NONE
    return [
        method for method in Client.Auth.values if endpoint != "introspection" or method != public
    ]
