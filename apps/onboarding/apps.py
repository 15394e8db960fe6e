"""What sign-up makes: organization, sandbox, application and first key."""

from typing import Any

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """Onboarding."""

    name = "apps.onboarding"

    def ready(self) -> None:
        """Welcome a developer as soon as the e-mail address is known to be theirs."""
        from allauth.account.signals import email_confirmed  # noqa: PLC0415 - needs loaded models

        email_confirmed.connect(_welcome, dispatch_uid="onboarding.welcome")


def _welcome(email_address: Any, **_: Any) -> None:
    from apps.onboarding import services  # noqa: PLC0415 - needs loaded models

    services.welcome(email_address.user)
