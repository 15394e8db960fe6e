"""Forms about second factors, in our words; a code of an authenticator app is good once."""

import time
from typing import Any, ClassVar

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from portal.forms.account import Worded

CODE = _("Code")
CODE_HELP = _("The six digits that your authenticator app shows now, or a recovery code.")


class Code(Worded):
    """A form with a code: large digits for phones, no label repeated."""

    words: ClassVar = {"code": CODE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say which code is meant, and let no browser remember it."""
        super().__init__(*args, **kwargs)
        field = self.fields["code"]  # type: ignore[attr-defined]  # the form has it
        field.help_text = CODE_HELP
        field.max_length = 40
        field.widget.attrs |= {"autocomplete": "one-time-code", "spellcheck": "false"}


class Once(Code):
    """Accepts a code of an authenticator app once, also while Valkey is away."""

    def clean_code(self) -> str:
        """Check the code as allauth does, then spend the half minute that it stands for."""
        code: str = super().clean_code()  # type: ignore[misc]  # the form has it
        found: Authenticator = self.authenticator  # type: ignore[attr-defined]  # as above
        if found.type == Authenticator.Type.TOTP and not spend(found, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(Once, base.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The second step of signing in."""


class ReauthenticateForm(Once, base.ReauthenticateForm):  # type: ignore[misc]  # no types
    """Proving once more who one is."""


class ActivateTOTPForm(Code, totp.ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    """The first code of an authenticator app, which proves that it was set up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Recovery codes come later."""
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("The six digits that the app shows now.")


class AddWebAuthnForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A new passkey."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        help_text=_("Where it is kept, so that you know it again: this laptop, your phone."),
    )
    passwordless = forms.BooleanField(
        label=_("Let it sign me in without a password"),
        required=False,
        initial=True,
        help_text=_("It then asks for your fingerprint, face or PIN each time."),
    )


class EditWebAuthnForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """Another name for a passkey."""

    name = forms.CharField(label=_("Name"), max_length=60)


@transaction.atomic
def spend(authenticator: Authenticator, code: str) -> bool:
    """Remember which half minute ``code`` was of; False when that one or a later one was used."""
    locked = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    secret = decrypt(locked.data["secret"])
    last = locked.data.get("step", 0)
    step = _step(secret, code)
    if step is None or step <= last:
        return False
    locked.data["step"] = step
    locked.save(update_fields=["data"])
    authenticator.data = locked.data
    return True


def _step(secret: str, code: str) -> int | None:
    now = int(time.time()) // app_settings.TOTP_PERIOD
    reach = app_settings.TOTP_TOLERANCE + 1  # the clock may have ticked since allauth looked
    wanted = "".join(code.split())
    for step in range(now + reach, now - reach - 1, -1):
        if format_hotp_value(hotp_value(secret, step)) == wanted:
            return step
    return None
