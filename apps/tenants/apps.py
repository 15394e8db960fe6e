"""Tenants: isolated worlds of data, one live and any number of sandboxes."""

from django.apps import AppConfig

from apps.events.registry import register


class TenantsConfig(AppConfig):
    """Tenants and the second wall around their rows."""

    name = "apps.tenants"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(("tenant.opened", "A live tenant or a sandbox was opened."))
