"""How to move on from a version of an API that ends."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.catalog.models import ApiVersion
from apps.core import clock
from apps.usage import selectors as usage
from portal import library
from portal.markdown import render as markdown
from portal.views.docs import private


@require_safe
@private
def moving(request: HttpRequest, slug: str, major: int) -> HttpResponse:
    """Show when a version ends, what replaces it, and the operator's words on how to move."""
    visible = ApiVersion.objects.visible_to(request.user).select_related("api").defer("document")
    version = get_object_or_404(visible, api__slug=slug, major=major)
    newer = version.api.versions.filter(major__gt=major, sunset_at=None).defer("document")
    mine = usage.still_used(request.user) if request.user.is_authenticated else []
    context = {
        "guides": library.guides(),
        "version": version,
        "ended": version.sunset_at is not None and version.sunset_at <= clock.real(),
        "newer": newer.order_by("major"),
        "operations": version.operations.filter(deprecated=True).order_by("path", "method"),
        "parts": version.operations.exclude(ending=[]).order_by("path", "method"),
        "mine": [one for one in mine if one.subject.about(slug, major)],
        "month": usage.MONTH,
        "guide": markdown(version.guide, library.addresses()) if version.guide else None,
    }
    return render(request, "portal/docs/moving.html", context)
