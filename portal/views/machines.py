"""What programs look for: rules for crawlers, and a summary for language models."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.catalog.models import ApiVersion
from portal import library

TEXT = "text/plain; charset=utf-8"


@require_safe
@cache_control(public=True, max_age=86_400)
def robots(request: HttpRequest) -> HttpResponse:
    """Let crawlers read what is for everybody, and nothing behind the sign-in."""
    return render(request, "robots.txt", {"portal_url": settings.PORTAL_URL}, content_type=TEXT)


@require_safe
@cache_control(public=True, max_age=300)
def llms(request: HttpRequest) -> HttpResponse:
    """Say in Markdown what the platform is, how a call looks, and where everything is described."""
    context = {
        "portal_url": settings.PORTAL_URL,
        "guides": library.guides(),
        "apis": ApiVersion.objects.visible_to(AnonymousUser()).listed(),
    }
    return render(request, "llms.txt", context, content_type=TEXT)
