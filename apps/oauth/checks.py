"""Refusing to start with a door of RFC 9700 open.

django-oauth-toolkit warns of these under ``check --deploy``, which nobody runs at boot. Here they
are errors of every process: management commands meet them in Django's own checks, servers and
workers in ``AppConfig.ready()``.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from oauth2_provider.settings import DEFAULTS, oauth2_settings

GATES = sorted(name for name in DEFAULTS if name.startswith("COMPLIANT_BCP_RFC9700_"))
# What must hold besides the gates: the setting, its only value, and what another would open.
DEMANDS: Sequence[tuple[str, object, str]] = (
    ("REFRESH_TOKEN_REUSE_PROTECTION", True, "a stolen refresh token could be used beside its own"),
    ("ROTATE_REFRESH_TOKEN", True, "a stolen refresh token would never be noticed"),
    ("REFRESH_TOKEN_GRACE_PERIOD_SECONDS", 0, "a replayed refresh token would be answered"),
    ("PKCE_REQUIRED", True, "a stolen code could be redeemed"),
    ("ALLOW_URI_WILDCARDS", False, "redirect URIs would not be matched exactly"),
    ("ALLOWED_REDIRECT_URI_SCHEMES", ["https"], "codes would travel in the clear"),
    ("REQUEST_APPROVAL_PROMPT", "force", "consent could be skipped"),
    ("OAUTH2_VALIDATOR_CLASS", "apps.oauth.validator.Validator", "the toolkit's own would decide"),
)


def open_doors() -> list[str]:
    """Return a sentence for each setting that RFC 9700 forbids."""
    said = [f"{gate} must be True." for gate in GATES if getattr(oauth2_settings, gate) is not True]
    chosen: dict[str, Any] = settings.OAUTH2_PROVIDER
    for name, only, otherwise in DEMANDS:
        if chosen.get(name, DEFAULTS.get(name)) != only:
            said.append(f"{name} must be {only!r}: {otherwise}.")
    return said


@register(Tags.security)
def rfc_9700(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Report every open door as an error."""
    return [
        Error(f"OAUTH2_PROVIDER: {said}", id=f"oauth.E{number:03}")
        for number, said in enumerate(open_doors(), start=1)
    ]


def refuse_open_doors() -> None:
    """Stop this process when a door is open."""
    if said := open_doors():
        raise ImproperlyConfigured("OAUTH2_PROVIDER opens what RFC 9700 closes. " + " ".join(said))
