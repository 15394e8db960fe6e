"""Client secrets and tokens that leaked: how they are found and closed (``apps.core.leaks``).

What came from one authorization ends together, so its tokens are reported as one thing.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from apps.core import clock, ids, leaks, secrets
from apps.core.leaks import Leakable
from apps.oauth import client_secrets, clients, families, registration
from apps.oauth.models import (
    AccessToken,
    Client,
    ClientSecret,
    DeviceGrant,
    InitialToken,
    RefreshToken,
)
from apps.orgs.recipients import responsible

REASON: Final = "leaked"
OF: Final = "application__organization"
Token = AccessToken | RefreshToken


def register() -> None:
    """Let every kind be reported."""
    leaks.register("c", find=_find_secrets, hold=_hold_secrets)
    leaks.register("af", find=_find_tokens, hold=_hold_tokens)
    leaks.register("d", find=_find_device_codes, hold=_hold_device_codes)
    leaks.register("g", find=_find_registrations, hold=_hold_registrations)
    leaks.register("i", find=_find_initial_tokens, hold=_hold_initial_tokens)


def _find_secrets(texts: Collection[str]) -> dict[str, Leakable]:
    digests = _peppered(texts)
    found = ClientSecret.objects.filter(digest__in=list(digests))
    known = found.select_related(f"client__{OF}")
    return {digests[bytes(secret.digest)]: _secret(secret) for secret in known}


def _hold_secrets(subjects: Collection[str]) -> Iterator[Leakable]:
    mine = [subject for subject in subjects if subject.startswith("csk_")]
    locked = ClientSecret.objects.select_for_update(of=("self",)).filter(pk__in=mine)
    return map(_secret, locked.select_related(f"client__{OF}").order_by("pk"))


def _secret(secret: ClientSecret) -> Leakable:
    return _of_client(
        secret.client,
        subject=secret.pk,
        kind="c",
        is_open=secret.client.secrets.usable().filter(pk=secret.pk).exists(),
        words=f"a client secret (…{secret.hint})",
        noun="The secret",
        maker=secret.created_by_id,
        close=lambda _: client_secrets.revoke_secret(secret, actor=None),
    )


def _find_tokens(texts: Collection[str]) -> dict[str, Leakable]:
    checksums = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    wanted = Q(token_checksum__in=list(checksums))
    return {
        checksums[token.token_checksum]: _token(token)
        for model in (AccessToken, RefreshToken)
        for token in model.objects.filter(wanted).select_related(f"application__{OF}")
    }


def _hold_tokens(subjects: Collection[str]) -> Iterator[Leakable]:
    """Yield each family once, and each token that has none."""
    named = [ids.decode(subject) for subject in sorted(subjects) if subject[:4] in {"fam_", "tok_"}]
    for prefix, value in named:
        found: Token | None
        if prefix == "tok":
            known = AccessToken.objects.select_related(f"application__{OF}")
            found = known.select_for_update(of=("self",)).filter(public_id=value).first()
        else:
            families.lock(value)
            found = _latest(value)
        if found is not None:
            yield _token(found)


def _latest(family: UUID) -> Token | None:
    known = RefreshToken.objects.select_related(f"application__{OF}").filter(token_family=family)
    if found := known.order_by("-pk").first():
        return found
    others = AccessToken.objects.select_related(f"application__{OF}").filter(family=family)
    return others.order_by("-pk").first()


def _token(token: Token) -> Leakable:
    family = token.token_family if isinstance(token, RefreshToken) else token.family
    close: Callable[[str], object]
    if family is not None:
        subject = ids.encode("fam", family)
        close = partial(_end_family, family)
    else:
        subject = ids.encode("tok", token.public_id)
        close = partial(_end_token, token)
    refresh = isinstance(token, RefreshToken)
    return _of_client(
        token.application,
        subject=subject,
        kind="f" if refresh else "a",
        is_open=_opens(token, family),
        words="a refresh token" if refresh else "an access token",
        noun="All that came from the same authorization",
        maker=None,
        close=close,
    )


def _opens(token: Token, family: UUID | None) -> bool:
    """Tell whether there is something to end: of a family, any of its tokens."""
    if family is None:
        return AccessToken.objects.usable().filter(pk=token.pk).exists()
    standing = Q(ends_at=None) | Q(ends_at__gt=clock.real())
    refreshable = RefreshToken.objects.filter(standing, token_family=family, revoked=None)
    return refreshable.exists() or AccessToken.objects.usable().filter(family=family).exists()


def _end_family(family: UUID, _: str) -> None:
    families.end(family, reason=REASON, actor=None)


def _end_token(token: AccessToken, _: str) -> None:
    families.revoke_access_token(token, reason=REASON, actor=None)


def _find_device_codes(texts: Collection[str]) -> dict[str, Leakable]:
    digests = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    grants = DeviceGrant.objects.filter(device_code__in=list(digests))
    return {digests[grant.device_code]: leaked for grant, leaked in _device_codes(grants)}


def _hold_device_codes(subjects: Collection[str]) -> Iterator[Leakable]:
    mine = sorted(ids.decode(subject)[1] for subject in subjects if subject.startswith("dvc_"))
    for family in mine:
        families.lock(family)
    held = DeviceGrant.objects.filter(family__in=mine)
    return (leaked for _, leaked in _device_codes(held))


def _device_codes(grants: Iterable[DeviceGrant]) -> Iterator[tuple[DeviceGrant, Leakable]]:
    """Pair each code with what can be done about it; a client that is gone left nothing to do."""
    codes = [grant for grant in grants if grant.family]
    known = Client.objects.filter(client_id__in={grant.client_id for grant in codes})
    by_name = {client.client_id: client for client in known.select_related(OF)}
    for grant in codes:
        if client := by_name.get(grant.client_id):
            yield grant, _device_code(grant, client)


def _device_code(grant: DeviceGrant, client: Client) -> Leakable:
    """Return a code that can be closed until it is redeemed; what came of it lives on."""
    is_open = grant.redeemed_at is None and grant.expires > clock.real()

    def close(_: str) -> None:
        if is_open:
            families.end(grant.family, reason=REASON, actor=None)

    return _of_client(
        client,
        subject=ids.encode("dvc", cast("UUID", grant.family)),
        kind="d",
        is_open=is_open,
        words="a device code",
        noun="The code",
        maker=None,
        close=close,
    )


def _find_registrations(texts: Collection[str]) -> dict[str, Leakable]:
    digests = _peppered(texts)
    found = Client.objects.filter(registration_digest__in=list(digests)).select_related(OF)
    return {
        digests[bytes(client.registration_digest)]: _registration(client)
        for client in found
        if client.registration_digest
    }


def _hold_registrations(subjects: Collection[str]) -> Iterator[Leakable]:
    mine = [subject for subject in subjects if subject.startswith("cli_")]
    locked = Client.objects.select_for_update(of=("self",)).filter(client_id__in=mine)
    return map(_registration, locked.select_related(OF).order_by("pk"))


def _registration(client: Client) -> Leakable:
    return _of_client(
        client,
        subject=client.client_id,
        kind="g",
        is_open=client.registration_digest is not None,
        words="a registration access token",
        noun="The token",
        maker=None,
        close=lambda _: registration.close(client, actor=None),
    )


def _find_initial_tokens(texts: Collection[str]) -> dict[str, Leakable]:
    digests = _peppered(texts)
    found = InitialToken.objects.filter(digest__in=list(digests)).select_related(OF)
    return {digests[bytes(token.digest)]: _initial_token(token) for token in found}


def _hold_initial_tokens(subjects: Collection[str]) -> Iterator[Leakable]:
    mine = [subject for subject in subjects if subject.startswith("iat_")]
    locked = InitialToken.objects.select_for_update(of=("self",)).filter(pk__in=mine)
    return map(_initial_token, locked.select_related(OF).order_by("pk"))


def _initial_token(token: InitialToken) -> Leakable:
    application = token.application
    page = f"/applications/{application.pk}/oauth/initial-tokens"

    def record(what: str, *, actor: Any, **data: str) -> None:
        registration.record_initial_token(f"initial_token.{what}", token, actor=actor, **data)

    return Leakable(
        subject=token.pk,
        kind="i",
        livemode=False,
        is_open=token.uses_left > 0 and token.expires_at > clock.real(),
        title=f"{application.name}: an initial access token",
        about=f"an initial access token (…{token.hint}) of {application.name}",
        noun="The token",
        renewed_at=page,
        replaced_at=page,
        log="/logs",
        recipients=partial(responsible, application.organization_id, maker=token.created_by_id),
        close=lambda _: registration.revoke_initial_token(token, actor=None),
        record=record,
    )


def _of_client(
    client: Client,
    *,
    subject: str,
    kind: secrets.Kind,
    is_open: bool,
    words: str,
    noun: str,
    maker: str | None,
    close: Callable[[str], object],
) -> Leakable:
    page = f"/oauth-clients/{client.client_id}"

    def record(what: str, *, actor: Any, **data: str) -> None:
        clients.record(f"client.{what}", client, actor, found=subject, **data)

    return Leakable(
        subject=subject,
        kind=kind,
        livemode=client.livemode,
        is_open=is_open,
        title=f"{client.name}: {words}",
        about=f"{words} of the OAuth client “{client.name}” of {client.application.name}",
        noun=noun,
        renewed_at=page,
        replaced_at=page,
        log="/logs",
        recipients=partial(responsible, client.application.organization_id, maker=maker),
        close=close,
        record=record,
    )


def _peppered(texts: Collection[str]) -> dict[bytes, str]:
    return {
        secrets.digest(text, pepper): text for text in texts for _, pepper in settings.KEY_PEPPERS
    }
