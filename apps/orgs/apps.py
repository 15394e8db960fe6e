"""Organizations: teams of developers with roles."""

from django.apps import AppConfig

from apps.events.registry import register


class OrgsConfig(AppConfig):
    """Organizations and their members."""

    name = "apps.orgs"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(
            ("organization.created", "An organization was founded."),
            ("organization.renamed", "An organization was given another name."),
            ("organization.suspended", "An operator stopped an organization's calls."),
            ("organization.reinstated", "An operator let an organization call again."),
        )
