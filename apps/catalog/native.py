"""Which APIs this project serves itself.

An app registers its API in ``AppConfig.ready()``; ``manage.py publish_catalog`` publishes them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Document = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NativeApi:
    """A major version of an API of this project, and where its OpenAPI document comes from."""

    slug: str
    major: int
    name: str
    document: Document


registered: dict[tuple[str, int], NativeApi] = {}


def register(*, slug: str, major: int, name: str, document: Document) -> None:
    """Make a native API known; its paths stand under ``/slug/vmajor``."""
    registered[slug, major] = NativeApi(slug, major, name, document)
