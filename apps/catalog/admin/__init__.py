"""The catalog, for the operator. It is published from OpenAPI documents, never typed."""

from apps.catalog.admin import apis, changelog, parts

__all__ = ["apis", "changelog", "parts"]
