"""Documentation: guides, the page of each error code, and the API explorer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.catalog.models import Api, ApiVersion
from apps.catalog.outward import outward
from portal import library, sandbox
from portal.markdown import render as markdown
from portal.request import PortalRequest

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Let no cache keep a page that may show the reader's key."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        page = view(request, *args, **kwargs)
        if request.user.is_authenticated:
            add_never_cache_headers(page)
        return page

    return answer


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show what there is to read."""
    apis = ApiVersion.objects.visible_to(request.user).listed()
    return render(request, "portal/docs/index.html", {"guides": library.guides(), "apis": apis})


@require_safe
@private
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a guide, with the reader's own sandbox key where he is signed in."""
    guides = library.guides()
    found = next((guide for guide in guides if guide.slug == slug), None)
    if found is None:
        raise Http404
    page = markdown(found.source, _values(request))
    return render(
        request, "portal/docs/guide.html", {"guides": guides, "guide": found, "page": page}
    )


@require_safe
def guide_source(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with a guide as it was written, for programs that read."""
    found = next((guide for guide in library.guides() if guide.slug == slug), None)
    if found is None:
        raise Http404
    text = found.source
    for word, address in library.addresses().items():
        text = text.replace(word, address)
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List the types of events, by what they are about."""
    context = {"guides": library.guides(), "groups": library.events()}
    return render(request, "portal/docs/events.html", context)


@require_safe
def errors(request: HttpRequest) -> HttpResponse:
    """List the error codes."""
    return render(request, "portal/docs/errors.html", {"errors": library.errors()})


@require_safe
@private
def error(request: HttpRequest, code: str) -> HttpResponse:
    """Show the page of one error code."""
    known = library.errors()
    at = next((number for number, page in enumerate(known) if page.code == code), None)
    if at is None:
        raise Http404
    context = {
        "error": known[at],
        "page": markdown(known[at].source, _values(request)),
        "before": known[at - 1 : at] if at else [],
        "after": known[at + 1 : at + 2],
    }
    return render(request, "portal/docs/error.html", context)


@login_required
@never_cache
@require_safe
def swagger(request: PortalRequest) -> HttpResponse:
    """Show one API in the explorer, filled in with a sandbox key that ends within the hour."""
    apis = list(ApiVersion.objects.visible_to(request.user).listed())
    asked = request.GET.get("api", "")
    version = next((one for one in apis if str(one) == asked), apis[0] if apis else None)
    context = {"apis": apis, "version": version, "key": sandbox.page_key(request)}
    return render(request, "portal/docs/swagger.html", context)


@require_safe
def openapi(request: HttpRequest, slug: str, major: int) -> HttpResponse:
    """Answer with the OpenAPI document of an API, whose server is this installation's gateway."""
    visible = ApiVersion.objects.visible_to(request.user).select_related("api")
    version = get_object_or_404(visible, api__slug=slug, major=major)
    if version.api.backend == Api.Backend.NATIVE:
        return JsonResponse({**version.document, "servers": [{"url": settings.API_URL}]})
    needed = version.operations.only("method", "path", "scopes")
    scopes = {operation.place: operation.scopes for operation in needed}
    server = f"{settings.API_URL}{version.prefix}"
    return JsonResponse(outward(version.document, server=server, scopes=scopes))


def _values(request: HttpRequest) -> dict[str, str]:
    """Return what the documents' own words stand for: this platform, and the reader's key."""
    values = library.addresses()
    if request.user.is_authenticated and (key := sandbox.key_of(request)):
        values["$KEY"] = key
    return values
