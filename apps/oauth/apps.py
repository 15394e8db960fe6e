"""OAuth clients, grants and tokens: django-oauth-toolkit's six models, swapped."""

from django.apps import AppConfig


class OauthConfig(AppConfig):
    """OAuth 2.1 and OpenID Connect."""

    name = "apps.oauth"
