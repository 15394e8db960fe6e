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
            ("ownership.transferred", "An owner of an organization handed it to another member."),
            ("member.invited", "Somebody was invited into an organization, or reminded of it."),
            ("member.invitation_revoked", "An invitation into an organization was taken back."),
            ("member.joined", "Somebody accepted an invitation into an organization."),
            ("member.role_changed", "A member of an organization was given another role."),
            ("member.removed", "A member left an organization, or was removed from it."),
            ("organization.suspended", "An operator stopped an organization's calls."),
            ("organization.reinstated", "An operator let an organization call again."),
            ("organization.kind_changed", "An organization became the operator's own, or not."),
        )
