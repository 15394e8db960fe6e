"""Whom the platform takes for the operator's staff."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest


def proven(request: HttpRequest) -> bool:
    """Tell whether this person has the second factor that the installation asks for."""
    if not settings.ADMIN_MFA:
        return True
    if not apps.is_installed("allauth.mfa"):
        return False
    authenticators: Any = apps.get_app_config("mfa").get_model("Authenticator")
    own = authenticators.objects.filter(user=request.user)
    return bool(own.exclude(type="recovery_codes").exists())
