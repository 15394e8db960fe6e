"""Tenants: isolated worlds of data, one live and any number of sandboxes."""

from django.apps import AppConfig

from apps.events.registry import register
from apps.tenants import data


class TenantsConfig(AppConfig):
    """Tenants and the second wall around their rows."""

    name = "apps.tenants"

    def ready(self) -> None:
        """Describe the events of this app, and let test end users live in sandboxes."""
        from apps.tenants import end_users  # noqa: PLC0415 - models load after ready() begins

        register(
            ("tenant.opened", "A live tenant or a sandbox was opened."),
            ("end_user.invented", "A developer made a test user of a sandbox."),
            ("end_user.removed", "A developer removed a test user of a sandbox."),
        )
        data.register("end_users", seed=end_users.seed)
