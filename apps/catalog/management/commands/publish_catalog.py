"""Publish the APIs that this project serves itself."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.catalog import native, services


class Command(BaseCommand):
    """Put every native API into the catalog; running it again changes nothing."""

    help = "Publish the native APIs' OpenAPI documents in the catalog."

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish them all."""
        for api in native.registered.values():
            version = services.publish(
                api.slug, major=api.major, name=api.name, document=api.document()
            )
            self.stdout.write(f"{version} has {version.operations.count()} operations.")
