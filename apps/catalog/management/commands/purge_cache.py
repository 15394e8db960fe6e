"""``manage.py purge_cache books shelf-7``: forget answers that gateways keep."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog import caching
from apps.catalog.models import Api
from apps.core.errors import Problem


class Command(BaseCommand):
    """Purge an API, or one surrogate key of it."""

    help = "Let gateways forget the answers that they keep of an API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the API."""
        parser.add_argument("api", help="its slug, such as books")
        parser.add_argument("tag", nargs="?", default="", help="only answers under this key")

    def handle(self, *args: Any, api: str, tag: str, **options: Any) -> None:
        """Purge it."""
        found = Api.objects.filter(slug=api).first()
        if found is None:
            known = ", ".join(Api.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no API {api}. There are: {known or 'none'}.")
        try:
            caching.purge(found, tag=tag, actor=None)
        except Problem as problem:
            raise CommandError(problem.detail) from problem
        self.stdout.write(f"Gateways forget {f'{tag} of ' if tag else ''}{api} within a second.")
