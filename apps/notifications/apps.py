"""Mail: what was sent to whom."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notifications."""

    name = "apps.notifications"
