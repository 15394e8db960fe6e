"""allauth's forms in our words: one name for each thing, and no label repeated as a placeholder."""

from typing import Any, ClassVar, cast

from allauth.account import forms as theirs
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.core import context
from django import forms
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise
EMAIL = _("E-mail address")
NEW_PASSWORD = _("New password")
NEW = "password1"  # what allauth calls a password that is being chosen
ONCE_MORE = _("New password, once more")


class Worded:
    """Gives fields other labels, and passwords one sentence instead of a list."""

    words: ClassVar[dict[str, Words]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Replace what allauth says."""
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]  # the form has them
        for name, field in fields.items():
            field.label = self.words.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name == NEW:
                field.help_text = password_rule()


def password_rule() -> str:
    """Return what a password must be like."""
    validators = cast("list[dict[str, Any]]", settings.AUTH_PASSWORD_VALIDATORS)
    options = [validator.get("OPTIONS", {}) for validator in validators]
    [length] = [option["min_length"] for option in options if "min_length" in option]
    return _("At least %(length)s characters; not a common one, nor like your name or address.") % {
        "length": length
    }


class LoginForm(Worded, theirs.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Signing in."""

    words: ClassVar = {"login": EMAIL}


class AddEmailForm(Worded, theirs.AddEmailForm):  # type: ignore[misc]  # allauth has no types
    """Changing one's address."""

    words: ClassVar = {"email": _("New e-mail address")}


class ChangeEmailForm(Worded, theirs.ChangeEmailForm):  # type: ignore[misc]  # allauth has no types
    """Correcting the address to which a code was sent."""

    words: ClassVar = {"email": EMAIL}

    def clean_email(self) -> str:
        """Take another address, but of staff: a password alone would bring the code elsewhere."""
        address: str = super().clean_email()
        pending = EmailVerificationProcess.resume(context.request)
        if pending and pending.user and pending.user.is_staff:
            raise forms.ValidationError(_("Another operator corrects the address of staff."))
        return address


class MailedCodeForm(forms.Form):
    """A code that was sent by mail."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class CodeForm(Worded, theirs.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]  # no types
    """Proving an address."""


class ChangePasswordForm(Worded, theirs.ChangePasswordForm):  # type: ignore[misc]  # no types
    """Changing one's password."""

    words: ClassVar = {
        "oldpassword": _("Current password"),
        "password1": NEW_PASSWORD,
        "password2": ONCE_MORE,
    }


class SetPasswordForm(Worded, theirs.SetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """The first password of somebody who was invited without one."""

    words: ClassVar = {"password1": NEW_PASSWORD, "password2": ONCE_MORE}


class ResetPasswordForm(Worded, theirs.ResetPasswordForm):  # type: ignore[misc]  # no types
    """Asking for a mail that lets one set a new password."""

    words: ClassVar = {"email": EMAIL}


class ResetPasswordKeyForm(Worded, theirs.ResetPasswordKeyForm):  # type: ignore[misc]  # no types
    """Setting a new password with the link of that mail."""

    words: ClassVar = {"password1": NEW_PASSWORD, "password2": ONCE_MORE}


class ReauthenticateForm(Worded, theirs.ReauthenticateForm):  # type: ignore[misc]  # no types
    """Proving once more who one is."""

    words: ClassVar = {"password": _("Your password")}
