"""The OpenAPI 3.1 document of the reference API."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.urls import URLResolver, include, path
from drf_spectacular.generators import SchemaGenerator

BASE = "/commerce/v1"
SCOPES = {
    "customers:read": {"title": "Read customers", "risk": "low"},
    "customers:write": {"title": "Create, change and delete customers", "risk": "high"},
    "products:read": {"title": "Read products", "risk": "low"},
    "products:write": {"title": "Create, change and delete products", "risk": "low"},
    "orders:read": {"title": "Read orders", "risk": "low"},
    "orders:write": {"title": "Create, change and cancel orders", "risk": "high"},
    "payments:read": {"title": "Read payments and refunds", "risk": "low"},
    "payments:write": {"title": "Take and refund payments", "risk": "high"},
}


def document() -> dict[str, Any]:
    """Return the document, with paths under ``/commerce/v1`` and this installation's server."""
    patterns: list[URLResolver] = [
        path(BASE.strip("/") + "/", include(import_module("apps.commerce.api.urls").urlpatterns))
    ]
    generator = SchemaGenerator(patterns=patterns)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    return made


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what drf-spectacular has no setting for: scopes in words, and the server's address."""
    result["x-trellis-scopes"] = SCOPES
    result["servers"] = [{"url": settings.API_URL}]
    return result
