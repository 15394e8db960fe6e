"""The platform's own API: what the portal does for applications, keys and teams, for programs."""

from django.apps import AppConfig

from apps.catalog import native


class ManagementConfig(AppConfig):
    """The API ``platform/v1``."""

    name = "apps.management"

    def ready(self) -> None:
        """Join the catalog."""
        from apps.management import openapi  # noqa: PLC0415 - needs the settings of other apps

        native.register(slug="platform", major=1, name="Platform API", document=openapi.document)
