"""The portal: pages for developers and end users."""

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest


class PortalConfig(AppConfig):
    """Pages, and what follows from what happens on them."""

    name = "portal"

    def ready(self) -> None:
        """Follow sign-ins, new passwords and new factors."""
        from allauth.account import signals as account  # noqa: PLC0415 - needs loaded models
        from allauth.mfa import signals as mfa  # noqa: PLC0415 - as above

        for signal in (account.password_changed, account.password_set, account.password_reset):
            signal.connect(_end_others, dispatch_uid="portal.sessions")
        account.email_confirmed.connect(_join, dispatch_uid="portal.invitations")
        mfa.authenticator_added.connect(_factor_added, dispatch_uid="portal.factors")


def _end_others(request: HttpRequest, user: Any, **_: Any) -> None:
    """End every session that the old password opened."""
    from portal import sessions  # noqa: PLC0415 - needs loaded models

    mine = request.user.is_authenticated and request.user.pk == user.pk
    sessions.end_others(user, keep=request.session.session_key if mine else None)


def _factor_added(request: HttpRequest, authenticator: Any, **_: Any) -> None:
    """Give the session another name, and let the first code of an app count as used.

    Whoever knew the session before the second factor knows it no more.
    """
    from portal import factors  # noqa: PLC0415 - needs loaded models

    request.session.cycle_key()
    factors.use_first_code(authenticator)


def _join(request: HttpRequest, email_address: Any, **_: Any) -> None:
    """Let who signed up with an invitation join; whoever belongs nowhere is welcomed later."""
    from portal.views import invitations  # noqa: PLC0415 - needs loaded models

    invitations.join_after_sign_up(request, email_address.user)
