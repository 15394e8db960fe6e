"""What a client says of itself when it registers (RFC 7591, section 2), read strictly."""

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.core.errors import Problem
from apps.oauth import redirects, scopes
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType

LONGEST: Final = 500  # characters of a text
MOST: Final = 20  # items of a list
LISTS: Final = ("redirect_uris", "post_logout_redirect_uris", "grant_types", "contacts")
ADDRESSES: Final = ("client_uri", "logo_uri", "tos_uri", "policy_uri")
TEXTS: Final = (
    *ADDRESSES,
    "client_name",
    "token_endpoint_auth_method",
    "scope",
    "application_type",
    "software_id",
    "software_version",
    "id_token_signed_response_alg",
    "backchannel_logout_uri",
)
FLAGS: Final = (
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "backchannel_logout_session_required",
)
KEPT: Final = (
    *ADDRESSES,
    "contacts",
    "scope",
    "application_type",
    "software_id",
    "software_version",
    "backchannel_logout_session_required",
)
REFUSED: Final = {  # better said now than found out later
    "jwks_uri": "jwks_uri is not fetched: send the keys themselves as jwks.",
    "software_statement": "software_statement is not supported.",
    "sector_identifier_uri": "sector_identifier_uri is not supported: subjects are public.",
    "request_uris": "request_uris is not supported: push requests to /oauth/par.",
    "id_token_encrypted_response_alg": "Encrypted ID tokens are not supported.",
    "userinfo_encrypted_response_alg": "Encrypted userinfo is not supported.",
    "userinfo_signed_response_alg": "Signed userinfo is not supported.",
}
ADDRESS_ERRORS: Final = {"redirect_uris", "post_logout_redirect_uris"}


class Refused(OAuth2Error):  # noqa: N818 - oauthlib's own have the suffix
    """A registration that is answered with an error (RFC 7591, section 3.2.2)."""

    def __init__(
        self, description: str, *, error: str = "invalid_client_metadata", status: int = 400
    ) -> None:
        """``error`` is the standard's name of what is wrong."""
        self.error = error
        super().__init__(description, status_code=status)


def read(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``, whose members have the types they should have."""
    try:
        document = json.loads(body, parse_constant=_no_number)
        json.dumps(document, ensure_ascii=False).encode()  # lone surrogates are no text
    except (ValueError, RecursionError) as error:
        raise Refused("The body is not JSON.", error="invalid_request") from error
    if not isinstance(document, dict) or b"\\u0000" in body:
        raise Refused("The body is no JSON object, or holds NUL.", error="invalid_request")
    sent = {name: value for name, value in document.items() if value is not None}
    for name, why in REFUSED.items():
        if sent.get(name):
            raise Refused(why)
    _typed(sent)
    _supported(sent)
    return sent


def fields(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what ``clients.create`` and ``clients.change`` take; what is not sent is default."""
    uris = sent.get("redirect_uris", [])
    return {
        "name": sent.get("client_name", "").strip() or _name(uris),
        "redirect_uris": uris,
        "post_logout_redirect_uris": sent.get("post_logout_redirect_uris", []),
        "grant_types": sent.get("grant_types", [GrantType.CODE]),
        "authentication": sent.get("token_endpoint_auth_method", Client.Auth.BASIC),
        "id_token_algorithm": sent.get("id_token_signed_response_alg", "RS256"),
        "backchannel_logout_uri": sent.get("backchannel_logout_uri", ""),
        "dpop_required": sent.get("dpop_bound_access_tokens", False),
        "par_required": sent.get("require_pushed_authorization_requests", False),
        "jwks": sent.get("jwks"),
        "metadata": {name: sent[name] for name in KEPT if name in sent},
    }


def document(client: Client) -> dict[str, Any]:
    """Return all that is registered about ``client``, as RFC 7591 names it."""
    said: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris.split(),
        "grant_types": client.grant_types,
        "response_types": ["code"] if GrantType.CODE in client.grant_types else [],
        "token_endpoint_auth_method": client.authentication,
        "id_token_signed_response_alg": client.id_token_algorithm,
        "dpop_bound_access_tokens": client.dpop_required,
        "require_pushed_authorization_requests": client.par_required,
        **client.metadata,
    }
    optional = {
        "post_logout_redirect_uris": client.post_logout_redirect_uris.split(),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "jwks": client.jwks,
    }
    return said | {name: value for name, value in optional.items() if value}


def refusal(problem: Problem) -> Refused:
    """Return what a service says against a client in the words of RFC 7591."""
    address = problem.param in ADDRESS_ERRORS
    error = "invalid_redirect_uri" if address else "invalid_client_metadata"
    return Refused(problem.detail, error=error)


def _typed(sent: dict[str, Any]) -> None:
    for name in TEXTS:
        _text(name, sent.get(name, ""))
    for name in LISTS:
        items = sent.get(name, [])
        if not isinstance(items, list) or len(items) > MOST:
            raise Refused(f"{name} must be a list of at most {MOST} strings.")
        for item in items:
            _text(name, item)
            if name in ADDRESS_ERRORS and (not item or " " in item):
                raise Refused("One of the addresses is none.", error="invalid_redirect_uri")
    for name in FLAGS:
        if not isinstance(sent.get(name, False), bool):
            raise Refused(f"{name} must be true or false.")
    for name in ADDRESSES:
        if sent.get(name) and redirects.fault(sent[name], public=False):
            raise Refused(f"{name} must be an https address.")


def _text(name: str, value: object) -> None:
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise Refused(f"{name} must hold text of at most {LONGEST} characters on one line.")


def _supported(sent: dict[str, Any]) -> None:
    code = GrantType.CODE in sent.get("grant_types", [GrantType.CODE])
    if sent.get("response_types", ["code"]) not in ([["code"]] if code else [["code"], []]):
        raise Refused("The only response_type is code.")
    if sent.get("subject_type", "public") != "public":
        raise Refused("The only subject_type is public.")
    if sent.get("application_type", "web") not in {"web", "native"}:
        raise Refused("application_type is web or native.")
    _among("grant_types", sent.get("grant_types", []), GrantType.values)
    method = sent.get("token_endpoint_auth_method", Client.Auth.BASIC)
    _among("token_endpoint_auth_method", [method], Client.Auth.values)
    _among("scope", sent.get("scope", "").split(), scopes.known())


def _among(name: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    supported = list(known)
    if unknown := [value for value in wanted if value not in supported]:
        raise Refused(f"{name}: {unknown[0][:80]} is not one of {', '.join(supported)}.")


def _name(uris: list[str]) -> str:
    """Return how to call a client that does not say: by the host it is reached at."""
    try:
        return (urlsplit(uris[0]).hostname if uris else None) or "Unnamed client"
    except ValueError:
        return "Unnamed client"


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON.")
