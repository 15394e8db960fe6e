"""What a client asks of the authorization endpoint, read strictly (OAuth 2.1, section 4.1).

``check`` is the one place where such a request is judged: the page for people calls it with the
query, the endpoint for pushed requests (RFC 9126) with the body.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.datastructures import MultiValueDict
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.oauth import claims, lifetimes, redirects, resources, scopes
from apps.oauth.errors import FORBIDDEN, InvalidTargetError
from apps.oauth.models import Client, Grant
from apps.oauth.models.client import GrantType
from apps.tenants.models import Tenant

Parameters = MultiValueDict[str, str]
PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url: a challenge, a thumbprint
LONGEST: Final = {"nonce": 255, "state": 2000, "claims": 4096, "login_hint": 254, "tenant": 40}
UNSUPPORTED: Final = {"request": "request_not_supported", "registration": "invalid_request"}


class Refused(OAuth2Error):  # noqa: N818 - oauthlib's own have the suffix
    """A request that is answered with an error.

    Without ``redirect_uri`` the client or its address is in doubt: people see a page, and nobody
    is sent anywhere.
    """

    def __init__(
        self, error: str, description: str, *, redirect_uri: str = "", state: str = ""
    ) -> None:
        """``error`` is the standard's name of what is wrong."""
        self.error = error
        super().__init__(description, state=state or None)
        self.redirect_uri = redirect_uri


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request in which nothing is wrong."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    code_challenge: str
    state: str = ""
    nonce: str = ""
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    claims: str = ""
    resource: tuple[str, ...] = ()
    login_hint: str = ""
    tenant: str = ""
    dpop_jkt: str = ""
    id_token_hint: str = ""

    def answer(self, **values: str) -> str:
        """Return the client's address with ``values``, its state and who answers (RFC 9207)."""
        return answer(self.redirect_uri, state=self.state, **values)


def check(parameters: Parameters, client: Client) -> AuthorizationRequest:
    """Return what ``parameters`` ask for; raise ``Refused`` for the first thing that is wrong."""
    check_client(client)
    redirect_uri = _redirect_uri(parameters, client)
    state = _once(parameters, "state") if len(parameters.getlist("state")) < 2 else ""  # noqa: PLR2004 - it stands once
    try:
        return _check(parameters, client, redirect_uri, state)
    except Refused as refused:
        refused.redirect_uri, refused.state = redirect_uri, state or None
        raise


def answer(redirect_uri: str, *, state: str, **values: str) -> str:
    """Return ``redirect_uri`` with ``values``, the client's state, and who answers (RFC 9207)."""
    query = values | ({"state": state} if state else {}) | {"iss": settings.PORTAL_URL}
    joint = "&" if urlsplit(redirect_uri).query else "" if redirect_uri.endswith("?") else "?"
    return f"{redirect_uri}{joint}{urlencode(query)}"


@transaction.atomic
def issue_code(
    request: AuthorizationRequest,
    *,
    user: User,
    tenant: Tenant,
    scopes: Iterable[str],
    auth_time: datetime,
    sid: str,
    answered_by: User | None = None,
) -> str:
    """Return a fresh code with which ``request.client`` gets tokens; it begins a family.

    ``scopes`` is what the end user agreed to, which may be less than what was asked for.
    ``answered_by`` is the developer who answered where ``user`` is a test end user.
    """
    code = secrets.token_urlsafe(32)
    Grant.objects.create(
        user=user,
        code=hashlib.sha256(code.encode()).hexdigest(),
        application=request.client,
        expires=clock.real() + lifetimes.CODE,
        redirect_uri=request.redirect_uri,
        scope=" ".join(scopes),
        code_challenge=request.code_challenge,
        code_challenge_method=Grant.CODE_CHALLENGE_S256,
        nonce=request.nonce,
        claims=request.claims,
        resource=list(request.resource),
        tenant=tenant,
        family=uuid4(),
        jkt=request.dpop_jkt,
        sid=sid,
        auth_time=auth_time,
        answered_by=answered_by,
    )
    return code


def _check(
    parameters: Parameters, client: Client, redirect_uri: str, state: str
) -> AuthorizationRequest:
    _bounded(parameters)
    _response(parameters, client)
    names, about = _scopes(_once(parameters, "scope"), client), _claims(_once(parameters, "claims"))
    return AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        scopes=_with_claims(names, about),
        code_challenge=_challenge(parameters),
        state=state,
        nonce=_once(parameters, "nonce"),
        prompt=_prompt(_once(parameters, "prompt")),
        max_age=_max_age(_once(parameters, "max_age")),
        claims=about,
        resource=_resource(client, parameters.getlist("resource")),
        login_hint=_once(parameters, "login_hint"),
        tenant=_once(parameters, "tenant"),
        dpop_jkt=_thumbprint(_once(parameters, "dpop_jkt")),
        id_token_hint=_once(parameters, "id_token_hint"),
    )


def check_client(client: Client) -> None:
    """Refuse a client that may not act at all; people read why."""
    application = client.application
    if application.state == Application.State.SUSPENDED or application.organization.suspended_at:
        raise Refused("unauthorized_client", f"{application} is suspended.")
    if client.livemode and application.state != Application.State.APPROVED:
        raise Refused("unauthorized_client", f"{application} is not approved for live data.")


def _redirect_uri(parameters: Parameters, client: Client) -> str:
    asked = parameters.getlist("redirect_uri")
    if len(asked) != 1 or not asked[0]:
        raise Refused("invalid_request", "The request needs one redirect_uri.")
    known = client.redirect_uris.split()
    if not any(redirects.matches(asked[0], registered) for registered in known) or redirects.fault(
        asked[0], public=True
    ):
        raise Refused("invalid_request", "This redirect_uri is not registered for the client.")
    return asked[0]


def _bounded(parameters: Parameters) -> None:
    """Refuse what the standard lets nobody repeat, and what no client means to send."""
    for name, values in parameters.lists():
        if len(values) > 1 and name != "resource":
            raise Refused("invalid_request", "A parameter is sent more than once.")
        if any(len(value) > LONGEST.get(name, 2000) for value in values):
            raise Refused("invalid_request", "A parameter is too long.")
        if any(not value.isprintable() for value in values):
            raise Refused("invalid_request", "A parameter holds control characters.")
    for name, error in UNSUPPORTED.items():
        if name in parameters:
            raise Refused(error, f"The parameter {name} is not supported.")


def _response(parameters: Parameters, client: Client) -> None:
    if not client.allows_grant_type(GrantType.CODE):
        raise Refused("unauthorized_client", "The client may not use authorization codes.")
    wanted = _once(parameters, "response_type")
    if not wanted:
        raise Refused("invalid_request", "response_type is missing.")
    if wanted != "code":
        raise Refused("unsupported_response_type", "The only response_type is code.")
    if _once(parameters, "response_mode") not in {"", "query"}:
        raise Refused("invalid_request", "The only response_mode is query.")


def _challenge(parameters: Parameters) -> str:
    challenge = _once(parameters, "code_challenge")
    if not challenge:
        raise Refused("invalid_request", "code_challenge is missing: PKCE is required.")
    if _once(parameters, "code_challenge_method") != "S256":
        raise Refused("invalid_request", "The only code_challenge_method is S256.")
    if not DIGEST.fullmatch(challenge):
        raise Refused("invalid_request", "code_challenge is no SHA-256 in base64url.")
    return challenge


def _scopes(wanted: str, client: Client) -> tuple[str, ...]:
    names = list(dict.fromkeys(wanted.split())) or scopes.default(client)
    if not names:
        raise Refused("invalid_scope", "The request names no scope, and the client has none.")
    may = scopes.allowed(client)
    if too_much := [name for name in names if name not in may]:
        named = FORBIDDEN.sub("?", " ".join(too_much))[:200]
        why = "not approved for live data" if client.livemode else "no such scope for it"
        raise Refused("invalid_scope", f"The client may not have {named}: {why}.")
    return tuple(names)


def _prompt(wanted: str) -> frozenset[str]:
    prompts = frozenset(wanted.split())
    if not prompts <= PROMPTS:
        raise Refused("invalid_request", "prompt is none, or of login, consent, select_account.")
    if "none" in prompts and len(prompts) > 1:
        raise Refused("invalid_request", "prompt=none stands alone.")
    return prompts


def _max_age(wanted: str) -> int | None:
    if not wanted:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", wanted):
        raise Refused("invalid_request", "max_age is a number of seconds.")
    return int(wanted)


def _claims(wanted: str) -> str:
    if not wanted:
        return ""
    try:
        asked = json.loads(wanted)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict) or not all(
        isinstance(asked.get(place, {}), dict) for place in ("id_token", "userinfo")
    ):
        raise Refused("invalid_request", "claims is not a JSON object as in OpenID Connect 5.5.")
    return wanted


def _with_claims(names: tuple[str, ...], about: str) -> tuple[str, ...]:
    """Ask for the scopes of the claims too: people agree to scopes, and to no claim unseen."""
    if scopes.OPENID not in names:
        return names
    return tuple(dict.fromkeys([*names, *claims.scopes_for(about)]))


def _resource(client: Client, wanted: list[str]) -> tuple[str, ...]:
    try:
        organization = client.application.organization_id
        return tuple(resources.check(wanted, organization=organization))
    except InvalidTargetError as error:
        raise Refused(error.error, error.description) from error


def _thumbprint(wanted: str) -> str:
    if wanted and not DIGEST.fullmatch(wanted):
        raise Refused("invalid_request", "dpop_jkt is no SHA-256 in base64url.")
    return wanted


def _once(parameters: Parameters, name: str) -> str:
    return parameters.get(name) or ""


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
