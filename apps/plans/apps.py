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
            ("plan.overridden", "An application was given other limits for a while."),
            ("plan.override_ended", "Other limits of an application were ended before their time."),
            ("plan.offered", "An operator lets developers ask for a plan."),
            ("plan.described", "It was said anew for whom a plan is."),
            ("plan.withdrawn", "Developers cannot ask for a plan any more."),
            ("plan.requested", "A developer asked for another plan."),
            ("plan.request_withdrawn", "A developer no longer asks for another plan."),
            ("plan.request_approved", "An operator gave an application the plan it asked for."),
            ("plan.request_declined", "An operator declined a request for another plan."),
            ("quota.nearing", "80 % of an application's quota are used."),
            ("quota.reached", "An application's quota is used up."),
        )
