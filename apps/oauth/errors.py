"""What an OAuth endpoint refuses, as RFC 6749 and those after it name it."""

import re
from typing import Any, Final

from django.conf import settings
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

FORBIDDEN: Final = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")  # RFC 6749, section 5.2
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="OAuth client", charset="UTF-8"'}
SAID: Final = {
    "invalid_client": "The client did not prove who it is.",
    "invalid_grant": "The code or token is not good for this client, or not any more.",
    "invalid_request": "The request is not complete.",
    "invalid_scope": "A scope does not exist, or the client may not ask for it.",
    "unauthorized_client": "The client may not do this.",
    "unsupported_grant_type": "The grant_type is unknown.",
}


class InvalidTargetError(OAuth2Error):
    """The resource is none of ours (RFC 8707)."""

    error = "invalid_target"


class InvalidProofError(OAuth2Error):
    """The DPoP proof is missing or wrong (RFC 9449)."""

    error = "invalid_dpop_proof"


class NonceError(OAuth2Error):
    """The DPoP proof needs the nonce that this answer carries (RFC 9449, section 8)."""

    error = "use_dpop_nonce"


class TooLargeError(OAuth2Error):
    """The body is larger than any honest one."""

    error = "invalid_request"
    status_code = 413


class TooManyAttemptsError(OAuth2Error):
    """Somebody is guessing."""

    error = "temporarily_unavailable"
    status_code = 429

    def __init__(self, description: str, *, retry_after: int) -> None:
        """``retry_after`` is in seconds."""
        super().__init__(description)
        self.retry_after = retry_after


def document(refused: OAuth2Error) -> dict[str, Any]:
    """Return the body of the answer: what is wrong, in words, and where to read more."""
    return described(refused.error, refused.description)


def described(error: str, description: str) -> dict[str, Any]:
    """Return the body of an answer; the standards let a description hold ASCII only."""
    said = (description or SAID.get(error, "")).replace('"', "'")
    return {
        "error": error,
        "error_description": FORBIDDEN.sub("?", said),
        "error_uri": f"{settings.PORTAL_URL}/docs/oauth-errors#{error}",
    }


def headers(refused: OAuth2Error) -> dict[str, str]:
    """Return the answer's own headers."""
    if refused.status_code == 401:  # noqa: PLR2004 - RFC 9110 wants a challenge with each
        return dict(CHALLENGE)
    if isinstance(refused, TooManyAttemptsError):
        return {"Retry-After": str(refused.retry_after)}
    return {}
