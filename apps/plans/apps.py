"""Plans, their immutable versions, and who subscribes to which."""

from django.apps import AppConfig

from apps.events.registry import register


class PlansConfig(AppConfig):
    """Plans and limits."""

    name = "apps.plans"

    def ready(self) -> None:
        """Describe the events of this app."""
        register(
            ("plan.published", "An operator published a version of a plan."),
            ("plan.subscribed", "An application was put on a plan version."),
        )
