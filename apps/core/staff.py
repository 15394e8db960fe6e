"""Whom the platform takes for the operator's staff."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

FACTORS = {"totp": "mfa_reauthenticate", "webauthn": "mfa_reauthenticate_webauthn"}


def proven(request: HttpRequest) -> bool:
    """Tell whether this person used, in this session, the factor that the installation asks for."""
    return not settings.ADMIN_MFA or (has_factor(request) and _used(request))


def has_factor(request: HttpRequest) -> bool:
    """Tell whether this person has a second factor; recovery codes alone are none."""
    return bool(_factors(request))


def where_to_prove(request: HttpRequest) -> str:
    """Return the name of the page where this person uses a second factor, or adds the first."""
    own = _factors(request)
    return next((FACTORS[kind] for kind in FACTORS if kind in own), "mfa_index")


def _factors(request: HttpRequest) -> set[str]:
    authenticators: Any = apps.get_app_config("mfa").get_model("Authenticator")
    own = authenticators.objects.filter(user=request.user, type__in=FACTORS)
    return set(own.values_list("type", flat=True))


def _used(request: HttpRequest) -> bool:
    """Look for any proof but a password; a recovery code stands in for a lost factor."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)
