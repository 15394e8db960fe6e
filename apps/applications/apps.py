"""Third-party applications and their way to live traffic."""

from django.apps import AppConfig

from apps.events.registry import register


class ApplicationsConfig(AppConfig):
    """Applications."""

    name = "apps.applications"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(
            ("application.created", "A developer made an application."),
            ("application.changed", "A developer changed how an application presents itself."),
            ("application.submitted", "A developer asked for review."),
            ("application.approved", "A reviewer let an application have live keys."),
            ("application.changes_requested", "A reviewer asked for changes."),
            ("application.rejected", "A reviewer declined an application."),
            ("application.scopes_requested", "A developer said which scopes an application needs."),
            ("application.scopes_approved", "A reviewer decided on the scopes for live data."),
            ("application.presentation_approved", "A reviewer agreed to what people read of it."),
            ("application.presentation_refused", "A reviewer refused a new name or logo."),
            (
                "application.revision_changed",
                "An application is served in another dated revision of an API.",
            ),
            ("application.suspended", "An operator stopped an application's calls."),
            ("application.reinstated", "An operator let an application call again."),
        )
