"""API keys: issued, shown once, revoked, found again by digest."""

from django.apps import AppConfig

from apps.events.registry import follow, register


class KeysConfig(AppConfig):
    """API keys."""

    name = "apps.keys"

    def ready(self) -> None:
        """Describe this app's events; tell gateways what changes a credential's standing."""
        from apps.keys import revocation  # noqa: PLC0415 - models load after ready() begins

        register(
            ("key.issued", "An API key was created."),
            ("key.revoked", "An API key was closed for good."),
        )
        follow("credentials", revocation.follow, promptly=True)
