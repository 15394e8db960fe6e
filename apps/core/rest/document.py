"""The OpenAPI 3.1 document of a native API."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.urls import URLResolver, include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

Scopes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Description:
    """What a document says beside its operations.

    ``urls`` is the module of the API's paths below ``base``, ``scopes`` has words and risk of each
    scope, ``tags`` what each group of operations is about.
    """

    base: str
    urls: str
    title: str
    words: str
    tags: Mapping[str, str]
    scopes: Scopes

    def document(self) -> dict[str, Any]:
        """Return the document, with this installation's server."""
        patterns: list[URLResolver] = [
            path(self.base.strip("/") + "/", include(import_module(self.urls).urlpatterns))
        ]
        said = {
            "TITLE": self.title,
            "DESCRIPTION": self.words,
            "TAGS": [{"name": name, "description": words} for name, words in self.tags.items()],
        }
        with patched_settings(said):
            generator = SchemaGenerator(patterns=patterns)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
            made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # as above
        made["x-trellis-scopes"] = {name: dict(words) for name, words in self.scopes.items()}
        made["servers"] = [{"url": settings.API_URL}]
        return made
