"""oauthlib's server with the four grants there are, and the texts of tokens."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    OAuth2Error,
    UnsupportedGrantTypeError,
)
from oauthlib.oauth2.rfc6749.grant_types import ClientCredentialsGrant
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant

from apps.core import secrets
from apps.oauth import jwt_tokens, lifetimes
from apps.oauth.exchange import Exchange
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.oauth.validator import Validator

PASSED_ON: Final = (
    "grant_type",
    "client_id",
    "code",
    "code_verifier",
    "redirect_uri",
    "refresh_token",
    "scope",
)


class DeviceCodeGrant(GrantTypeBase):
    """RFC 8628 without a moment in which a code could be used twice.

    oauthlib's own asks nobody whether the device code is good.
    """

    def create_token_response(self, request: Any, token_handler: Any) -> tuple[Any, str, int]:
        """Hand out tokens for a device code that an end user allowed."""
        validator = self.request_validator
        try:
            validator.authenticate_client(request)
            self.validate_grant_type(request)
            code = request.exchange.form.need("device_code")
            validator.validate_device_code(request.client_id, code, request.client, request)
        except OAuth2Error as refused:
            return {}, refused.json, refused.status_code
        token = token_handler.create_token(request, refresh_token=True)
        if "openid" in request.scopes:
            token["id_token"] = validator.get_id_token(token, token_handler, request)
        validator.save_token(token, request)
        return {}, json.dumps(token), 200


class Tokens(BearerToken):
    """Writes the texts: credentials that scanners know, or JWTs for who asked for them."""

    def create_token(self, request: Any, refresh_token: bool = False, **_: Any) -> dict[str, Any]:  # noqa: FBT001, FBT002 - oauthlib's signature
        """Return what the client gets."""
        exchange: Exchange = request.exchange
        token = {
            "access_token": self._access_token(exchange, request.scopes),
            "token_type": "DPoP" if exchange.jkt else "Bearer",
            "expires_in": int(lifetimes.ACCESS_TOKEN.total_seconds()),
            "scope": " ".join(request.scopes),
        }
        if refresh_token and exchange.client.allows_grant_type(GrantType.REFRESH):
            token["refresh_token"] = _minted(exchange.client, "f")
        return token

    def _access_token(self, exchange: Exchange, scopes: list[str]) -> str:
        if exchange.client.token_format == Client.TokenFormat.OPAQUE:
            return _minted(exchange.client, "a")
        return jwt_tokens.access_token(
            client=exchange.client,
            user=exchange.user,
            tenant=exchange.tenant,
            scopes=scopes,
            audience=exchange.resources,
            expires=exchange.now + lifetimes.ACCESS_TOKEN,
            jkt=exchange.jkt,
            auth_time=exchange.inherited["auth_time"],
        )


VALIDATOR: Final = Validator()
GRANTS: Final[Mapping[str, Any]] = {
    GrantType.CODE: AuthorizationCodeGrant(VALIDATOR),
    GrantType.REFRESH: RefreshTokenGrant(VALIDATOR),
    GrantType.CLIENT: ClientCredentialsGrant(VALIDATOR),
    GrantType.DEVICE: DeviceCodeGrant(VALIDATOR),
}


def answer(exchange: Exchange) -> tuple[dict[str, Any], int]:
    """Return the body and status that ``exchange`` deserves."""
    grant_type = exchange.form.need("grant_type")
    if grant_type not in GRANTS:
        raise UnsupportedGrantTypeError(f"grant_type is one of {', '.join(GRANTS)}.")
    if grant_type in {GrantType.CODE, GrantType.REFRESH}:
        exchange.form.need("code" if grant_type == GrantType.CODE else "refresh_token")
    sent = exchange.form.values
    body = [(name, sent[name]) for name in PASSED_ON if name in sent]
    try:
        request = Request(exchange.form.url, "POST", body, {})
    except ValueError as error:
        raise InvalidRequestError("The body cannot be read.") from error
    request.exchange, request.client = exchange, exchange.client
    request.client_id = exchange.client.client_id
    request.scopes = list(dict.fromkeys(exchange.form.get("scope").split()))
    _, text, status = GRANTS[grant_type].create_token_response(request, Tokens(VALIDATOR))
    return json.loads(text), status


def _minted(client: Client, kind: secrets.Kind) -> str:
    environment: secrets.Environment = "live" if client.livemode else "test"
    return secrets.mint(environment, kind=kind, prefix=settings.BRAND["key_prefix"])
