"""What every portal template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the operator's brand."""
    return {"brand": settings.BRAND}
