"""What can happen to an OAuth client."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from itertools import chain
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK

from apps.accounts.models import User
from apps.applications import scopes
from apps.applications.errors import NotApproved
from apps.applications.models import Application
from apps.core.errors import Problem, Unprocessable
from apps.core.networks import networks
from apps.events import services as events
from apps.notifications import services as notifications
from apps.oauth import families, redirects
from apps.oauth import scopes as oauth_scopes
from apps.oauth.models import Client
from apps.oauth.models.client import GrantType
from apps.orgs.actors import Actor
from apps.orgs.recipients import responsible
from apps.tenants.models import Tenant

Check = Callable[[Client], None]
MOST: Final = 50  # clients of one application
KEYS: Final = 10
NAME: Final = 80  # characters
ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
CHANGEABLE: Final = frozenset(
    {
        "name",
        "redirect_uris",
        "post_logout_redirect_uris",
        "grant_types",
        "authentication",
        "token_format",
        "dpop_required",
        "par_required",
        "id_token_algorithm",
        "jwks",
        "ip_allow",
        "scopes",
        "backchannel_logout_uri",
        "metadata",
    }
)


@transaction.atomic
def create(
    application: Application,
    *,
    name: str,
    environment: str = Tenant.Kind.SANDBOX,
    actor: Actor | None,
    **fields: Any,
) -> Client:
    """Make a client of ``application``, for sandboxes or for live data.

    ``fields`` are those of ``change``. A secret is added by ``client_secrets.add_secret``.
    """
    check_environment(application, environment)
    Application.objects.select_for_update().get(pk=application.pk)
    if application.oauth_clients.count() >= MOST:
        raise Unprocessable(f"An application has at most {MOST} OAuth clients.")
    client = Client(application=application, environment=environment, hash_client_secret=False)
    _apply(client, {"name": name, **fields})
    client.save()
    record("client.created", client, actor)
    return client


@transaction.atomic
def change(client: Client, *, actor: Actor | None, **fields: Any) -> None:
    """Change a client. A grant type or way to authenticate that is taken away ends its tokens.

    A scope that is taken away ends those that hold it.
    """
    before = set(client.grant_types), client.is_public
    held = oauth_scopes.allowed(client) if "scopes" in fields else set[str]()
    _apply(client, fields)
    # Nothing else: a registration token that was closed meanwhile stays closed.
    client.save(update_fields=[*CHANGEABLE, "client_type", "updated"])
    if not before[0] <= set(client.grant_types) or before[1] != client.is_public:
        families.end_all(client=client, reason="client changed", actor=actor)
    gone = held - oauth_scopes.allowed(client) if held else held
    theirs = Q(application=client)
    families.end_holding(gone, of=theirs, reason="scopes withdrawn", actor=actor)
    record("client.changed", client, actor)


@transaction.atomic
def delete(client: Client, *, actor: Actor | None) -> None:
    """Delete a client: its tokens end within the second, and its consents with it."""
    families.end_all(client=client, reason="client deleted", actor=actor)
    record("client.deleted", client, actor)
    client.delete()


@transaction.atomic
def end_tokens(client: Client, *, reason: str, actor: User) -> None:
    """End all that ``client`` holds, and write to its developers; the client itself works on."""
    families.end_all(client=client, reason="ended by an operator", actor=actor)
    record("client.tokens_ended", client, actor, reason=reason)
    heading = f"All tokens of {client.name} were ended"
    notifications.notify(
        responsible(client.application.organization_id),
        subject=heading,
        template="decision",
        context={
            "heading": heading,
            "reason": reason,
            "path": f"/applications/{client.application_id}/oauth",
        },
    )


def check(client: Client, **fields: Any) -> None:
    """Raise all that ``change`` would refuse of ``fields`` at once, and change nothing."""
    _apply(copy(client), fields)


def check_environment(application: Application, environment: str) -> None:
    """Refuse a live client of an application that no reviewer approved."""
    if environment == Tenant.Kind.LIVE and application.state != Application.State.APPROVED:
        raise NotApproved(
            f"{application} has sandbox access only. Submit it for review first.",
            param="environment",
        )


def check_redirect_uris(
    uris: Iterable[str], *, public: bool, param: str = "redirect_uris"
) -> list[str]:
    """Return ``uris``, each once; raise with a sentence for each line that may not stand."""
    wanted = list(dict.fromkeys(uri for uri in (line.strip() for line in uris) if uri))
    if len(wanted) > redirects.MOST:
        raise Unprocessable(f"A client has at most {redirects.MOST} redirect URIs.", param=param)
    faults = [
        {"param": param, "line": number, "value": uri[:200], "detail": fault}
        for number, uri in enumerate(wanted, start=1)
        if (fault := redirects.fault(uri, public=public))
    ]
    if faults:
        said = " ".join(f"{fault['value']}: {fault['detail']}" for fault in faults)
        raise Unprocessable(said, param=param, errors=faults)
    return wanted


def _apply(client: Client, fields: dict[str, Any]) -> None:
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A client has no {', '.join(sorted(unknown))}.")
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        if name in fields and not isinstance(fields[name], str):
            fields[name] = "\n".join(fields[name])
    for name, value in fields.items():
        setattr(client, name, value)
    public = client.authentication == Client.Auth.NONE
    client.client_type = Client.CLIENT_PUBLIC if public else Client.CLIENT_CONFIDENTIAL
    checks = [*CHECKS, _check_scopes] if "scopes" in fields else CHECKS
    _raise_all([fault for check in checks if (fault := _fault(check, client))])


def _fault(check: Check, client: Client) -> Problem | None:
    try:
        check(client)
    except Problem as fault:
        return fault
    return None


def _raise_all(found: list[Problem]) -> None:
    """Raise what was found, as one: whoever corrects it hears of everything at once."""
    if len(found) == 1:
        raise found[0]
    if found:
        each = [one.errors or [{"param": one.param, "detail": one.detail}] for one in found]
        raise Unprocessable(
            " ".join(one.detail for one in found),
            param=found[0].param,
            errors=list(chain.from_iterable(each)),
        )


def _check_name(client: Client) -> None:
    if not client.name.strip() or len(client.name) > NAME or not client.name.isprintable():
        raise Unprocessable(f"A name has 1 to {NAME} characters.", param="name")


def _check_addresses(client: Client) -> None:
    listed = check_redirect_uris(client.redirect_uris.split(), public=client.is_public)
    client.redirect_uris = "\n".join(listed)


def _check_ways_out(client: Client) -> None:
    name = "post_logout_redirect_uris"
    wanted = client.post_logout_redirect_uris.split()
    listed = check_redirect_uris(wanted, public=client.is_public, param=name)
    client.post_logout_redirect_uris = "\n".join(listed)


def _check_scopes(client: Client) -> None:
    client.scopes = scopes.known(client.scopes, organization=client.application.organization_id)


def _check_networks(client: Client) -> None:
    client.ip_allow = networks(client.ip_allow)


def _check_choices(client: Client) -> None:
    if client.authentication not in Client.Auth:
        raise Unprocessable("This way to authenticate is unknown.", param="authentication")
    if client.token_format not in Client.TokenFormat:
        raise Unprocessable("A token is opaque or a JWT.", param="token_format")
    if client.id_token_algorithm not in ALGORITHMS:
        raise Unprocessable("This algorithm is unknown.", param="id_token_algorithm")


def _check_keys(client: Client) -> None:
    if client.jwks is not None:
        client.jwks = _public_keys(client.jwks)
    elif client.authentication == Client.Auth.JWT:
        raise Unprocessable("private_key_jwt needs the client's public keys.", param="jwks")


def _check_grants(client: Client) -> None:
    client.grant_types = [grant for grant in GrantType if grant in client.grant_types]
    grants = set(client.grant_types)
    if not grants - {GrantType.REFRESH}:
        raise Unprocessable("Choose how it obtains tokens.", param="grant_types")
    if GrantType.CLIENT in grants and client.is_public:
        raise Unprocessable(
            "Client credentials need a client that can keep a secret.", param="grant_types"
        )
    if GrantType.CODE in grants and not client.redirect_uris:
        raise Unprocessable(
            "The authorization code needs a redirect URI to arrive at.", param="redirect_uris"
        )


def _public_keys(jwks: Any) -> dict[str, Any]:
    """Return a set of public keys; a private one was never meant to be sent."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not keys or len(keys) > KEYS:
        raise Unprocessable(f'Write {{"keys": […]}} with 1 to {KEYS} keys.', param="jwks")
    for key in keys:
        if not isinstance(key, dict) or PRIVATE.intersection(key):
            raise Unprocessable("Only public keys belong here.", param="jwks")
    try:
        for key in keys:
            JWK(**key).thumbprint()
    except (JWException, ValueError, TypeError) as error:
        raise Unprocessable("One of these is no key (RFC 7517).", param="jwks") from error
    return {"keys": keys}


def _check_logout(client: Client) -> None:
    uri = client.backchannel_logout_uri
    if not uri:
        return
    parts = urlsplit(uri)
    fine = not redirects.fault(uri, public=False) and parts.scheme == "https"
    if not (fine or redirects.is_loopback(uri)):
        raise Unprocessable(
            "Notices of a logout are sent over https.", param="backchannel_logout_uri"
        )


CHECKS: Final[Sequence[Check]] = (
    _check_name,
    _check_choices,
    _check_grants,
    _check_addresses,
    _check_ways_out,
    _check_networks,
    _check_keys,
    _check_logout,
)


def record(kind: str, client: Client, actor: Actor | None, **data: Any) -> None:
    """Emit an event about a client, with all that it belongs to."""
    events.emit(
        kind,
        client,
        actor=actor,
        organization=client.application.organization_id,
        application=client.application_id,
        client_id=client.client_id,
        **data,
    )
