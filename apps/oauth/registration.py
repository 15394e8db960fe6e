"""Clients that register themselves (RFC 7591) and keep their own entry (RFC 7592).

The operator decides who may: nobody, whoever holds an initial access token for an application, or
everybody. Whoever comes without a token acts in sandboxes only, each client as an application of
its own, in an organization that no person belongs to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.applications import pins
from apps.applications.models import Application
from apps.core import clock, ids, secrets
from apps.core.errors import Problem
from apps.events import services as events
from apps.oauth import client_metadata, client_secrets, clients, standing
from apps.oauth.authentication import WITH_SECRET
from apps.oauth.client_metadata import Refused
from apps.oauth.models import Client, InitialToken
from apps.oauth.models.client import GrantType
from apps.orgs.actors import Actor, person
from apps.orgs.models import Organization
from apps.plans import services as plans

EVERYBODY: Final = ids.encode("org", UUID(int=1))
MOST_USES: Final = 100
LONGEST: Final = timedelta(days=90)
FORGOTTEN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Registered:
    """A client and, this once, what it proves itself with."""

    client: Client
    token: str
    secret: str = ""

    def document(self) -> dict[str, Any]:
        """Return the answer: what is registered, and the way to change it."""
        said = client_metadata.document(self.client) | {
            "registration_access_token": self.token,
            "registration_client_uri": f"{settings.PORTAL_URL}/oauth/register/"
            f"{self.client.client_id}",
        }
        return said | (
            {"client_secret": self.secret, "client_secret_expires_at": 0} if self.secret else {}
        )


@transaction.atomic
def issue_initial_token(
    application: Application, *, uses: int = 1, expires_at: datetime, actor: Actor
) -> tuple[InitialToken, str]:
    """Return a token with which clients of ``application`` register, and its text, this once."""
    if not 1 <= uses <= MOST_USES:
        raise Problem(f"A token is good for 1 to {MOST_USES} clients.", param="uses")
    if not clock.real() < expires_at <= clock.real() + LONGEST:
        raise Problem(f"It expires within {LONGEST.days} days.", param="expires_at")
    text = _mint("i")
    token = InitialToken.objects.create(
        application=application,
        digest=_digests(text)[0],
        hint=text[-4:],
        created_by=person(actor),
        expires_at=expires_at,
        uses_left=uses,
    )
    record_initial_token("initial_token.issued", token, actor=actor, uses=uses)
    return token, text


@transaction.atomic
def revoke_initial_token(token: InitialToken, *, actor: Actor | None) -> None:
    """Let no more clients register with a token. Harmless the second time."""
    usable = InitialToken.objects.filter(pk=token.pk, uses_left__gt=0)
    if usable.update(uses_left=0):
        record_initial_token("initial_token.revoked", token, actor=actor)
    token.refresh_from_db(fields=["uses_left"])


def record_initial_token(
    kind: str, token: InitialToken, *, actor: Actor | None, **data: Any
) -> None:
    """Emit an event about a token, with all that it belongs to."""
    application = token.application
    events.emit(
        kind,
        token,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        **data,
    )


@transaction.atomic
def close(client: Client, *, actor: Actor | None) -> None:
    """Let a client's registration access token open its entry no more."""
    if (
        Client.objects.filter(pk=client.pk)
        .exclude(registration_digest=None)
        .update(registration_digest=None)
    ):
        clients.record("client.registration_closed", client, actor)


@transaction.atomic
def register(sent: dict[str, Any], *, token: str) -> Registered:
    """Make a client of what it says about itself; raise Refused where that may not be."""
    application = _application(token) if token else _newcomer(sent)
    text = _mint("g")
    fields = client_metadata.fields(sent)
    try:
        client = clients.create(application, actor=None, **fields)
    except Problem as problem:
        raise client_metadata.refusal(problem) from problem
    client.registration_digest = _digests(text)[0]
    client.save(update_fields=["registration_digest"])
    clients.record("client.registered", client, None)
    return Registered(client, text, _secret(client))


def find(client_id: str, token: str) -> Registered:
    """Return the client that ``token`` manages, if it is this one; what else there is is hidden."""
    client: Client | None = (
        Client.objects.select_related("application__organization")
        .filter(registration_digest__in=_digests(token), client_id=client_id)
        .first()
        if token
        else None
    )
    if client is None:
        raise _unknown("The registration access token is not good for this client.")
    standing.check_client(client)
    return Registered(client, token)


@transaction.atomic
def change(known: Registered, sent: dict[str, Any]) -> Registered:
    """Replace all that is registered (RFC 7592, section 2.2); what is not sent becomes default."""
    client = Client.objects.select_for_update().get(pk=known.client.pk)
    if sent.get("client_id") != client.client_id:
        raise Refused("The client_id must be the client's own.", error="invalid_request")
    for name in ("registration_access_token", "registration_client_uri", "client_id_issued_at"):
        if name in sent:
            raise Refused(f"{name} is not for clients to send.", error="invalid_request")
    secret = sent.get("client_secret")
    if secret is not None and not (
        isinstance(secret, str) and client_secrets.check(client, secret) is not None
    ):
        raise Refused("The client_secret is not the client's.", error="invalid_request")
    if client.application.organization_id == EVERYBODY:
        _harmless(sent)
    try:
        clients.change(client, actor=None, **client_metadata.fields(sent))
    except Problem as problem:
        raise client_metadata.refusal(problem) from problem
    return Registered(client, known.token, _secret(client))


@transaction.atomic
def delete(known: Registered) -> None:
    """Delete a client, and the application that was made for it alone."""
    application = known.client.application
    clients.delete(known.client, actor=None)
    if application.organization_id == EVERYBODY:
        application.delete()


def forget() -> int:
    """Delete the clients of strangers that were never used; return how many those were.

    Initial access tokens go too, once they are long past their end.
    """
    ago = clock.real() - FORGOTTEN
    InitialToken.objects.filter(expires_at__lt=ago).delete()
    unused = Application.objects.filter(
        organization=EVERYBODY,
        created_at__lt=ago,
        oauth_clients__last_used_at=None,
    )
    return unused.delete()[1].get("applications.Application", 0)


def _application(text: str) -> Application:
    """Return the application that an initial access token is for, and use it up by one."""
    token = (
        InitialToken.objects.select_for_update(of=("self",))
        .select_related("application__organization")
        .filter(digest__in=_digests(text), expires_at__gt=clock.real(), uses_left__gt=0)
        .first()
    )
    application = token.application if token else None
    if token is None or application is None:
        raise _unknown("The initial access token is unknown, used up or expired.")
    if application.state == Application.State.SUSPENDED or application.organization.suspended_at:
        raise _unknown("The application of this token is suspended.")
    token.uses_left -= 1
    token.save(update_fields=["uses_left"])
    return application


def _newcomer(sent: dict[str, Any]) -> Application:
    if settings.REGISTRATION != "open":
        raise _unknown("Registering needs an initial access token.")
    _harmless(sent)
    organization, new = Organization.objects.get_or_create(
        pk=EVERYBODY, defaults={"name": "Registered clients"}
    )
    if new:
        events.emit("organization.created", organization, actor=None, organization=EVERYBODY)
    name, homepage = client_metadata.fields(sent)["name"][:80], sent.get("client_uri", "")
    application = Application.objects.create(
        organization=organization, name=name, homepage=homepage[:200]
    )
    pins.begin(application)
    events.emit(
        "application.created",
        application,
        actor=None,
        organization=EVERYBODY,
        application=application.pk,
    )
    plans.subscribe(application, version=plans.default_version(), actor=None)
    return application


def _harmless(sent: dict[str, Any]) -> None:
    """Refuse what would let strangers share a sandbox: their organization has none."""
    if GrantType.CLIENT in sent.get("grant_types", []):
        raise Refused("client_credentials needs an application of your own: sign up for one.")


def _secret(client: Client) -> str:
    """Return a new secret for a client that needs one and has none."""
    if client.authentication not in WITH_SECRET or client.secrets.usable().exists():
        return ""
    return client_secrets.add_secret(client, actor=None)[1]


def _mint(kind: secrets.Kind) -> str:
    return secrets.mint("test", kind=kind, prefix=settings.BRAND["key_prefix"])


def _digests(text: str) -> list[bytes]:
    """Return the text's digest under each pepper, the current one first."""
    return [
        secrets.digest(text.encode(errors="replace").decode(), pepper)
        for _, pepper in settings.KEY_PEPPERS
    ]


def _unknown(why: str) -> Refused:
    return Refused(why, error="invalid_token", status=401)
