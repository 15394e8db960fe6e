"""Applications' logos: pictures for everyone, and nothing that runs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.applications.models import Logo, Presentation


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def logo(request: HttpRequest, application_id: str, digest: str) -> HttpResponse:
    """Answer with a PNG, which its address names by its content: the wish, or what was approved."""
    named = {"application": application_id, "digest": digest}
    found = Logo.objects.filter(**named).first() or get_object_or_404(Presentation, **named)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return HttpResponse(bytes(found.png or b""), content_type="image/png", headers=headers)
