"""Telling every gateway that a token's standing changed: it follows the event log, promptly."""

from collections.abc import Iterable, Sequence

from django.db import transaction

from apps.accounts.models import User
from apps.core.invalidation import announce
from apps.events.models import Event
from apps.oauth import families
from apps.oauth.models import AccessToken
from apps.oauth.models.tokens import AccessTokenQuerySet

DEAD = "token_revoked"
CHUNK = 500


def follow(batch: Sequence[Event]) -> None:
    """Follow the event log and announce what changes the standing of tokens."""
    for event in batch:
        if event.type == "token.revoked":
            bury(event.data.get("digests", ()))
        elif event.type == "user.deactivated":
            end_everything_of(event.subject)
        elif event.type.startswith("client.") and event.type != "client.secret_created":
            forget(AccessToken.objects.filter(application__client_id=_client_id(event)))
        elif event.type.startswith("application.") and event.application:
            tokens = AccessToken.objects.filter(application__application=event.application)
            forget(tokens, f"app:{event.application}")
        elif event.type in {"organization.suspended", "organization.reinstated"}:
            forget(
                AccessToken.objects.filter(
                    application__application__organization=event.organization
                ),
                f"org:{event.organization}",
            )


def bury(digests: Iterable[str]) -> None:
    """Let no gateway accept the tokens with these digests again."""
    known = [bytes.fromhex(digest) for digest in digests]
    for start in range(0, len(known), CHUNK):
        part = known[start : start + CHUNK]
        announce(part, *(f"key:{digest.hex()}" for digest in part), dead=DEAD)


def forget(tokens: AccessTokenQuerySet, *messages: str) -> None:
    """Let gateways read the standing of ``tokens`` afresh."""
    digests = [
        bytes.fromhex(checksum)
        for checksum in tokens.usable().values_list("token_checksum", flat=True)
    ]
    announce(digests, *messages, *(f"key:{digest.hex()}" for digest in digests))


def end_everything_of(user_id: str) -> None:
    """End what a person who may no longer sign in has authorized."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        with transaction.atomic():
            families.end_all(user=user, reason="user_deactivated", actor=None)


def _client_id(event: Event) -> str:
    return str(event.data.get("client_id", ""))
