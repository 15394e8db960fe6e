"""The kernel."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """No models: management commands and checks live here."""

    name = "apps.core"
