"""The catalog: APIs, versions, operations and scopes."""

from django.apps import AppConfig

from apps.events.registry import register


class CatalogConfig(AppConfig):
    """What the platform publishes."""

    name = "apps.catalog"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(
            ("catalog.published", "An API version was published or its document changed."),
            ("catalog.api_changed", "An API got other words, another visibility or policy."),
            ("catalog.version_changed", "An API version got another upstream, base or end."),
            ("catalog.operation_changed", "An operation got another policy or cost."),
            ("catalog.partners_changed", "Other organizations may know of an API."),
            ("catalog.purged", "Gateways forgot the answers that they kept of an API."),
            ("catalog.withdrawn", "An API was taken out of the catalog."),
            ("catalog.upstream_changed", "An upstream got other targets or settings."),
            ("catalog.upstream_removed", "An upstream was removed."),
        )
