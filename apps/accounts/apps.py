"""People: who they are, how they sign in, which terms they accepted."""

from django.apps import AppConfig

from apps.events.registry import register


class AccountsConfig(AppConfig):
    """Accounts of developers, operators and end users."""

    name = "apps.accounts"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(
            ("terms.published", "An operator published a version of the terms of service."),
            ("terms.accepted", "A person accepted a version of the terms of service."),
            ("user.deactivated", "A person may no longer sign in; what they authorized ends."),
            ("account.access_changed", "An operator decided who may sign in or enter the admin."),
            ("account.factors_reset", "An operator removed all second factors of a person."),
            ("account.groups_changed", "An operator gave a person other groups' rights."),
        )
