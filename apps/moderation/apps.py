"""Review: decisions about applications, with reasons."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """Moderation."""

    name = "apps.moderation"
