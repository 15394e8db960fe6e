"""How to move on from a version of an API that ends."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.catalog.models import ApiVersion
from apps.core import clock
from portal import library
from portal.markdown import render as markdown


@require_safe
def moving(request: HttpRequest, slug: str, major: int) -> HttpResponse:
    """Show when a version ends, what replaces it, and the operator's words on how to move."""
    visible = ApiVersion.objects.visible_to(request.user).select_related("api").defer("document")
    version = get_object_or_404(visible, api__slug=slug, major=major)
    newer = version.api.versions.filter(major__gt=major, sunset_at=None).defer("document")
    context = {
        "guides": library.guides(),
        "version": version,
        "ended": version.sunset_at is not None and version.sunset_at <= clock.real(),
        "newer": newer.order_by("major"),
        "operations": version.operations.filter(deprecated=True).order_by("path", "method"),
        "guide": markdown(version.guide, library.addresses()) if version.guide else None,
    }
    return render(request, "portal/docs/moving.html", context)
