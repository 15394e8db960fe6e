"""A client asks to end the session at the portal (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from apps.oauth import redirects, signing
from apps.oauth.models import Client

LONGEST_STATE = 2000


class Refused(Exception):  # noqa: N818 - named after what it says
    """The request is wrong, and whoever sent it may not be led back to anywhere."""


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A request in which nothing is wrong. Without a ``subject`` nobody vouches for it."""

    client: Client | None
    return_to: str
    subject: str
    sid: str

    def speaks_of(self, subject: str, sid: str) -> bool:
        """Tell whether a valid hint names this person, and no other session of theirs."""
        return bool(self.subject) and self.subject == subject and self.sid in {"", sid}


def read(parameters: Mapping[str, Any]) -> LogoutRequest:
    """Return what ``parameters`` ask for; raise Refused for what must not be followed."""
    sent = {name: str(parameters.get(name) or "") for name in parameters}
    if any("\0" in value for value in sent.values()):
        raise Refused("A parameter holds a NUL character.")
    hint = _hint(sent.get("id_token_hint", ""))
    client = _client(sent.get("client_id", ""), str(hint.get("aud", "")))
    return LogoutRequest(
        client=client,
        return_to=_return_to(sent, client),
        subject=str(hint.get("sub", "")),
        sid=str(hint.get("sid", "")),
    )


def _hint(token: str) -> dict[str, Any]:
    """Return the claims of an ID token of ours, also an expired one; nothing of any other."""
    try:
        return signing.verify(token, typ="JWT", expired=True) if token else {}
    except signing.BadToken:
        return {}


def _client(stated: str, hinted: str) -> Client | None:
    if stated and hinted and stated != hinted:
        raise Refused("The id_token_hint was issued to another client.")
    name = stated or hinted
    if not name:
        return None
    client: Client | None = Client.objects.filter(client_id=name).first()
    if client is None:
        raise Refused("There is no client with this client_id.")
    return client


def _return_to(sent: Mapping[str, str], client: Client | None) -> str:
    uri, state = sent.get("post_logout_redirect_uri", ""), sent.get("state", "")
    if not uri:
        return ""
    if client is None:
        raise Refused("A post_logout_redirect_uri needs a client_id or an id_token_hint.")
    registered = client.post_logout_redirect_uris.split()
    if not any(redirects.matches(uri, known) for known in registered):
        raise Refused("This post_logout_redirect_uri is not registered for the client.")
    if not state:
        return uri
    if len(state) > LONGEST_STATE:
        raise Refused("The state is too long.")
    joint = "&" if urlsplit(uri).query else "?"
    return f"{uri}{joint}{urlencode({'state': state})}"
