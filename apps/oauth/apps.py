"""OAuth clients, grants and tokens: django-oauth-toolkit's six models, swapped."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import pre_delete

from apps.events.registry import follow, register


class OauthConfig(AppConfig):
    """OAuth 2.1 and OpenID Connect."""

    name = "apps.oauth"
    verbose_name = "OAuth"

    def ready(self) -> None:
        """Describe this app's events; tell gateways what ends a token; refuse open gates."""
        from apps.notifications.reminders import register as remind_of  # noqa: PLC0415 - as below
        from apps.oauth import checks, leaks, logout, reminders, revocation  # noqa: PLC0415 - models load after ready() begins

        checks.refuse_open_doors()
        register(
            ("client.secret_created", "An OAuth client was given a secret."),
            ("client.secret_revoked", "A secret of an OAuth client was closed for good."),
            ("client.created", "A developer made an OAuth client."),
            ("client.changed", "A developer changed an OAuth client."),
            ("client.deleted", "A developer deleted an OAuth client, and its tokens with it."),
            ("consent.given", "An end user let an OAuth client act in a tenant."),
            ("consent.widened", "An end user let an OAuth client do more than before."),
            ("consent.revoked", "What an end user let an OAuth client do was taken back."),
            ("client.tokens_ended", "An operator ended every token of an OAuth client."),
            ("client.registered", "An OAuth client registered itself."),
            ("client.leaked", "A secret or token of an OAuth client was found in public."),
            ("client.leak_dismissed", "An operator let what was found of a client live on."),
            ("initial_token.leaked", "An initial access token was found in public."),
            ("initial_token.leak_dismissed", "An operator let an initial access token live on."),
            ("initial_token.revoked", "An initial access token was closed for good."),
            ("client.registration_closed", "A client can no longer change its own entry."),
            ("initial_token.issued", "A developer made a token that lets clients register."),
            ("signing_key.rotated", "Another key signs tokens from now on."),
            ("token.revoked", "Access tokens, and what would renew them, were revoked."),
        )
        leaks.register()
        remind_of("client secrets", reminders.expiring)
        follow("tokens", revocation.follow, promptly=True)
        follow("sign-ins", logout.follow, promptly=True)
        pre_delete.connect(revocation.bury_with, sender="oauth.Client", dispatch_uid="oauth")
        gone = revocation.end_with_place
        pre_delete.connect(gone, sender="tenants.Membership", dispatch_uid="oauth places")
        user_logged_out.connect(logout.signed_out, dispatch_uid="oauth")
