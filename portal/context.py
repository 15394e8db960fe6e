"""What every portal template may use."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal import navigation, samples
from portal.request import mode_of, organization_of
from portal.views.look import theme_of


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return the brand and the frame of the page; what costs a query is asked only when shown."""
    return {
        "brand": settings.BRAND,
        "contact": parseaddr(settings.BRAND["mail_from"])[1],
        "theme": theme_of(request),
        "mode": SimpleLazyObject(lambda: mode_of(request)),
        "organization": SimpleLazyObject(lambda: organization_of(request)),
        "navigation": SimpleLazyObject(lambda: navigation.groups(request)),
        "outbox": settings.OUTBOX,
        "api_url": settings.API_URL,
        "empty_command": SimpleLazyObject(
            lambda: f'curl -i "{samples.first_url()}" -H "Authorization: Bearer $KEY"'
        ),
    }
