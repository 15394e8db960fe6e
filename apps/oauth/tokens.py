"""The token endpoint's work: who asks, with which key, for what."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.oauth import authentication, errors, proofs, server
from apps.oauth.errors import InvalidProofError
from apps.oauth.exchange import Exchange
from apps.oauth.forms import Form
from apps.oauth.models import Client

OK: Final = 200


@dataclass(slots=True)
class Reply:
    """An answer in JSON; without a body it is empty."""

    status: int
    body: dict[str, Any] | None
    headers: dict[str, str] = field(default_factory=dict)


def refusal(refused: OAuth2Error) -> Reply:
    """Return the answer that says what is wrong."""
    return Reply(refused.status_code, errors.document(refused), errors.headers(refused))


@transaction.atomic
def exchange(form: Form) -> Reply:
    """Return tokens, or why there are none.

    One transaction: what a replay revokes and which proofs are used up is kept with a refusal,
    and tokens are handed out whole or not at all.
    """
    try:
        client = authentication.identify(form)
        body, status = server.answer(Exchange(form, client, jkt=proof_key(form, client)))
    except OAuth2Error as refused:
        return refusal(refused)
    if status != OK:
        body = errors.described(body["error"], body.get("error_description", ""))
    return Reply(status, body)


def proof_key(form: Form, client: Client) -> str:
    """Return the thumbprint of the key that the request proves possession of, if any."""
    if form.proof is not None:
        return proofs.verify(form.proof, method="POST", url=form.url, with_nonce=True)
    if client.dpop_required:
        raise InvalidProofError("This client's tokens are bound to its key: send a DPoP proof.")
    return ""
