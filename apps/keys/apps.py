"""API keys: issued, shown once, revoked, found again by digest."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_delete

from apps.events.registry import follow, register


class KeysConfig(AppConfig):
    """API keys."""

    name = "apps.keys"

    def ready(self) -> None:
        """Describe this app's events; tell gateways what changes a credential's standing."""
        from apps.core.leaks import register as reportable  # noqa: PLC0415 - as below
        from apps.keys import leaks, reminders, reporters, revocation, sources  # noqa: PLC0415 - models load after ready() begins
        from apps.notifications.reminders import register as remind_of  # noqa: PLC0415 - as above

        leaks.policies(settings.LEAK_POLICY)  # What cannot be read shows now, not with a leak.
        reporters.read(settings.LEAK_REPORTERS)

        register(
            ("key.issued", "An API key was created."),
            ("key.changed", "An API key was given another name or other networks."),
            ("key.revoked", "An API key was closed for good."),
            ("key.rotated", "An API key was given a successor; both are good for a while."),
            ("key.overlap_changed", "The time that a rotated API key is still good was changed."),
            ("key.leaked", "An API key was found where it does not belong."),
            ("key.leak_dismissed", "An operator let an API key live on although it was found."),
        )
        reportable("krp", find=sources.find, hold=sources.hold)
        follow("credentials", revocation.follow, promptly=True)
        pre_delete.connect(
            revocation.bury_with, sender="applications.Application", dispatch_uid="keys"
        )
        remind_of("keys", reminders.expiring)
