"""OAuth clients, grants and tokens: django-oauth-toolkit's six models, swapped."""

from django.apps import AppConfig

from apps.events.registry import follow, register


class OauthConfig(AppConfig):
    """OAuth 2.1 and OpenID Connect."""

    name = "apps.oauth"

    def ready(self) -> None:
        """Describe this app's events; tell gateways what ends a token; refuse open gates."""
        from apps.oauth import checks, revocation  # noqa: PLC0415 - models load after ready() begins

        checks.refuse_open_doors()
        register(
            ("client.secret_created", "An OAuth client was given a secret."),
            ("client.secret_revoked", "A secret of an OAuth client was closed for good."),
            ("token.revoked", "Access tokens, and what would renew them, were revoked."),
        )
        follow("tokens", revocation.follow, promptly=True)
