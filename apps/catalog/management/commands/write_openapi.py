"""Write down what the native APIs promise, so that reviewers see what a change does to it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

from apps.catalog import native


class Command(BaseCommand):
    """Write every native API's OpenAPI document into ``docs/reference``."""

    help = "Write the native APIs' OpenAPI documents to docs/reference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write them all; a warning or an invalid document writes nothing more."""
        for api in native.registered.values():
            document = api.document()
            if GENERATOR_STATS:
                GENERATOR_STATS.emit_summary()
                raise CommandError(f"The document of {api.name} leaves something undescribed.")
            validate_schema(document)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
            render = OpenApiYamlRenderer().render
            rendered = render(document, renderer_context={})  # type: ignore[no-untyped-call]  # as above
            self._path(api).write_bytes(rendered)

    def _path(self, api: native.NativeApi) -> Path:
        suffix = "" if api.major == 1 else f".v{api.major}"
        return Path(settings.ROOT) / "docs" / "reference" / f"{api.slug}{suffix}.openapi.yaml"
