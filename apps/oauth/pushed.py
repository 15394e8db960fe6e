"""Authorization requests that a client pushes ahead of the browser (RFC 9126).

Nothing of them is in an address that the end user could change, and the client proved who it is.
"""

import hashlib
import secrets
from typing import Final

from django.db import transaction
from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from apps.core import clock
from apps.oauth import attempts, authentication, authorization, lifetimes
from apps.oauth.errors import InvalidProofError
from apps.oauth.forms import Form
from apps.oauth.models import Client, PushedRequest
from apps.oauth.tokens import Reply, proof_key, refusal

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
NOT_KEPT: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
CREATED: Final = 201


@transaction.atomic
def push(form: Form) -> Reply:
    """Keep what a client asks for, once it is right; answer with the name it is known by."""
    try:
        client = authentication.identify(form)
        if "request_uri" in form.values:
            raise InvalidRequestError("A pushed request cannot refer to another one.")
        parameters = _parameters(form, client)
        authorization.check(parameters, client)
        if client.is_public:
            attempts.bound("par", form.address)
    except OAuth2Error as refused:
        return refusal(refused)
    return Reply(
        CREATED,
        {
            "request_uri": _keep(parameters, client),
            "expires_in": int(lifetimes.PUSHED_REQUEST.total_seconds()),
        },
    )


def take(request_uri: str, client_id: str) -> QueryDict | None:
    """Return what ``client_id`` pushed under this name, this once."""
    with transaction.atomic():
        found = (
            PushedRequest.objects.select_for_update(of=("self",))
            .filter(digest=_digest(request_uri), client__client_id=client_id)
            .first()
        )
        if found is None:
            return None
        found.delete()
    return _query(found) if found.expires_at > clock.real() else None


def _parameters(form: Form, client: Client) -> QueryDict:
    parameters = QueryDict(mutable=True)
    for name, value in form.values.items():
        if name not in NOT_KEPT and name != "resource":
            parameters[name] = value
    parameters["client_id"] = client.client_id
    if form.resources:
        parameters.setlist("resource", list(form.resources))
    if key := proof_key(form, client) if form.proof is not None else "":
        if parameters.get("dpop_jkt", key) != key:
            raise InvalidProofError("The dpop_jkt is not the key of the DPoP proof.")
        parameters["dpop_jkt"] = key
    return parameters


def _keep(parameters: QueryDict, client: Client) -> str:
    request_uri = PREFIX + secrets.token_urlsafe(32)
    PushedRequest.objects.create(
        digest=_digest(request_uri),
        client=client,
        parameters=[[name, value] for name, values in parameters.lists() for value in values],
        expires_at=clock.real() + lifetimes.PUSHED_REQUEST,
    )
    return request_uri


def _query(found: PushedRequest) -> QueryDict:
    parameters = QueryDict(mutable=True)
    for name, value in found.parameters:
        parameters.appendlist(name, value)
    parameters._mutable = False  # noqa: SLF001 - Django's own way to close one
    return parameters


def _digest(request_uri: str) -> bytes:
    return hashlib.sha256(request_uri.encode(errors="replace")).digest()
