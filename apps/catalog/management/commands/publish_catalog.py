"""Publish the APIs that this project serves itself."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.catalog import native, services
from apps.catalog.models import Entry
from apps.catalog.recorded import strangers


class Command(BaseCommand):
    """Put every native API into the catalog; running it again changes nothing."""

    help = "Publish the native APIs' OpenAPI documents in the catalog."

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish them all."""
        told = set(Entry.objects.values_list("pk", flat=True))
        for api in native.registered.values():
            with transaction.atomic():
                version = services.publish(
                    api.slug, major=api.major, name=api.name, document=api.document()
                )
                if wrong := strangers(version):
                    raise CommandError(" ".join(wrong))
            self.stdout.write(f"{version} has {version.operations.count()} operations.")
            for entry in version.entries.exclude(pk__in=told).filter(breaking__gt=0):
                self.stdout.write(f"{version}: {entry.breaking} changes break programs that call.")
