"""Metering: every request's record, its roll-ups, and what they answer."""

from django.apps import AppConfig


class UsageConfig(AppConfig):
    """Usage."""

    name = "apps.usage"
