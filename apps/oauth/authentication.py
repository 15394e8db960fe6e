"""Which client is calling, and whether it proves so (RFC 6749, section 2.3).

Everybody who guesses is slowed down by client and address; the right secret from another address
still works.
"""

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import unquote_plus

from django.db import transaction
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from apps.core import clock
from apps.oauth import assertions, attempts, client_secrets, standing
from apps.oauth.forms import Form
from apps.oauth.models import Client

LONGEST_ID: Final = 255
SEEN_EVERY: Final = timedelta(minutes=5)
WITH_SECRET: Final = frozenset({Client.Auth.BASIC, Client.Auth.POST})


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a request says it is, and with what it proves that."""

    client_id: str
    secret: str = ""
    assertion: str = ""


def identify(form: Form, *, confidential: bool = False) -> Client:
    """Return the client that sent ``form``; with ``confidential`` one that proved who it is."""
    claim = _claim(form)
    attempts.admit("client", claim.client_id, form.address)
    try:
        client = _proved(claim, confidential=confidential)
    except InvalidClientError:
        attempts.failed("client", claim.client_id, form.address)
        raise
    standing.check_client(client)
    _seen(client)
    return client


def _proved(claim: Claim, *, confidential: bool) -> Client:
    client = (
        Client.objects.select_related("application__organization")
        .filter(client_id=claim.client_id)
        .first()
    )
    if client is None:
        raise InvalidClientError("There is no client with this client_id.")
    if claim.assertion:
        if client.authentication != Client.Auth.JWT:
            raise InvalidClientError("This client is not registered for private_key_jwt.")
        assertions.verify(claim.assertion, client)
    elif claim.secret:
        if client.is_public or client.authentication not in WITH_SECRET:
            raise InvalidClientError(f"This client proves itself by {client.authentication}.")
        client.proved_with = client_secrets.check(client, claim.secret)
        if client.proved_with is None:
            raise InvalidClientError("The client secret is wrong, revoked or expired.")
    elif not client.is_public:
        raise InvalidClientError(f"This client must prove itself by {client.authentication}.")
    elif confidential:
        raise InvalidClientError("A public client may not do this: it cannot prove who it is.")
    return client


def _claim(form: Form) -> Claim:
    ways = [bool(form.authorization), "client_secret" in form.values, _asserts(form)]
    if sum(ways) > 1:
        raise InvalidRequestError("The client proves itself in more than one way.")
    if form.authorization:
        claim = _basic(form.authorization)
    elif _asserts(form):
        claim = _assertion(form)
    else:
        claim = Claim(form.get("client_id"), secret=form.get("client_secret"))
    stated = form.get("client_id")
    if stated and stated != claim.client_id:
        raise InvalidRequestError("The client_id is not the one that proves itself.")
    if not claim.client_id:
        raise InvalidClientError("The request names no client: send client_id, or use Basic.")
    if len(claim.client_id) > LONGEST_ID:
        raise InvalidClientError("There is no client with this client_id.")
    return claim


def _asserts(form: Form) -> bool:
    return "client_assertion" in form.values or "client_assertion_type" in form.values


def _basic(header: str) -> Claim:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClientError("A client proves itself by Basic, not by another scheme.")
    try:
        text = b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = text.partition(":")
        claim = Claim(
            unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except (ValueError, UnicodeError) as error:
        raise InvalidClientError("The Authorization header cannot be decoded.") from error
    if not colon or "\0" in claim.client_id:
        raise InvalidClientError("The Authorization header holds no client_id and secret.")
    return claim


def _assertion(form: Form) -> Claim:
    if form.get("client_assertion_type") != assertions.TYPE:
        raise InvalidClientError(f"The client_assertion_type must be {assertions.TYPE}.")
    assertion = form.get("client_assertion")
    client_id = assertions.subject(assertion)
    if "\0" in client_id:
        raise InvalidClientError("There is no client with this client_id.")
    return Claim(client_id, assertion=assertion)


def _seen(client: Client) -> None:
    """Note the use after the request's own transaction, which must hold no lock on the client."""
    now = clock.real()
    if client.last_used_at is None or client.last_used_at < now - SEEN_EVERY:
        known = Client.objects.filter(pk=client.pk)
        transaction.on_commit(partial(known.update, last_used_at=now), robust=True)
