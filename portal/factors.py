"""Second factors: how allauth keeps and names them here."""

import time
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.core import vault
from apps.events import services as events
from apps.notifications import services as notifications
from portal import sessions


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets sealed by the vault; passkeys for the portal's own host; our words."""

    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("That is not right, or was used before. Try again."),
        "unverified_email": gettext_lazy("Confirm your new e-mail address first."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Recovery codes stand in for a second factor. Add one first."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret: PostgreSQL alone gives none away."""
        return vault.seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what ``encrypt`` sealed; nothing matches when the vault's key is another one."""
        return vault.unseal(encrypted_text.encode()) or ""

    def get_totp_issuer(self) -> str:
        """Return the name that authenticator apps show."""
        return str(settings.BRAND["name"])

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the portal's host, whatever a request says it is."""
        host = urlsplit(settings.PORTAL_URL).hostname or ""
        return {"id": host, "name": str(settings.BRAND["name"])}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's name
        """Suggest what to call a passkey."""
        number = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)s") % {"number": number + 1} if number else _("Passkey")


@transaction.atomic
def reset(user: User, *, password: bool = False) -> list[str]:
    """Remove every second factor of ``user``, end their sessions; return the kinds there were.

    With ``password`` that goes too: a mail lets them choose another.
    """
    own = Authenticator.objects.filter(user=user)
    kinds = sorted(own.values_list("type", flat=True))
    own.delete()
    if password:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    sessions.end_all(user)
    events.emit("account.factors_reset", user, actor=None, factors=kinds, password=password)
    notifications.notify(
        [user.email],
        subject=f"Your second factors at {settings.BRAND['name']} were removed",
        template="factors_reset",
        context={"password": password},
    )
    return kinds


def use_first_code(authenticator: Authenticator) -> None:
    """Let the code that proved that an authenticator app was set up sign nobody in."""
    if authenticator.type == Authenticator.Type.TOTP:
        authenticator.data["step"] = int(time.time()) // app_settings.TOTP_PERIOD
        authenticator.save(update_fields=["data"])
