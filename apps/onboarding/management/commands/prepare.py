"""``manage.py prepare``: after every migration, before the first request."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.onboarding import preparation


class Command(BaseCommand):
    """Publish native APIs, plans and terms. Running it again changes nothing."""

    help = "Publish native APIs, plans and terms of service; safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish what is missing."""
        call_command("publish_catalog")
        preparation.publish_plans()
        preparation.publish_terms()
