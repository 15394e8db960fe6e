"""The catalog: APIs, versions, operations and scopes."""

from django.apps import AppConfig

from apps.events.registry import register


class CatalogConfig(AppConfig):
    """What the platform publishes."""

    name = "apps.catalog"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(("catalog.published", "An API version was published or changed."))
