"""The catalog: APIs, versions, operations and scopes."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.catalog import revisions
from apps.core.members import Invalid
from apps.events.registry import register


class CatalogConfig(AppConfig):
    """What the platform publishes."""

    name = "apps.catalog"

    def ready(self) -> None:
        """Describe the events of this app, and learn which dated revisions there are."""
        try:
            revisions.register(revisions.load(settings.REVISIONS))
        except Invalid as error:
            raise ImproperlyConfigured(f"TRELLIS_REVISIONS: {error}") from error
        register(
            ("catalog.published", "An API version was published or its document changed."),
            ("catalog.api_changed", "An API got other words, another visibility or policy."),
            ("catalog.version_changed", "An API version got another upstream, base or end."),
            ("catalog.operation_changed", "An operation got another policy or cost."),
            ("catalog.partners_changed", "Other organizations may know of an API."),
            ("catalog.changelog_explained", "An entry of the changelog got the operator's words."),
            ("catalog.purged", "Gateways forgot the answers that they kept of an API."),
            ("catalog.withdrawn", "An API was taken out of the catalog."),
            ("catalog.upstream_changed", "An upstream got other targets or settings."),
            ("catalog.upstream_removed", "An upstream was removed."),
        )
