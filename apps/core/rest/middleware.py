"""The way of a native API's request: past sessions, cookies, languages and pages.

No cookie ever authenticates an API call, so nothing that reads or sets one runs for it. That is
safer, and it halves what a call costs.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, get_resolver

from apps.core.rest import problems

BODILESS = {204, 304}
Answer = Callable[[HttpRequest], HttpResponse]


def native_apis(get_response: Answer) -> Answer:
    """Answer the paths of ``settings.NATIVE_APIS`` (prefix: urlconf); pass on all others."""
    resolvers = {
        prefix.strip("/"): get_resolver(urlconf) for prefix, urlconf in settings.NATIVE_APIS.items()
    }

    def answer(request: HttpRequest) -> HttpResponse:
        first, _, rest = request.path_info[1:].partition("/")
        version, _, rest = rest.partition("/")
        resolver = resolvers.get(f"{first}/{version}")
        if resolver is None:
            return get_response(request)
        try:
            match = resolver.resolve(f"/{rest}")
        except Resolver404:
            return _safe(problems.missing(request))
        request.resolver_match = match
        try:
            return _safe(match.func(request, *match.args, **match.kwargs))
        except Exception as error:  # noqa: BLE001 - an API never answers with a page
            return _safe(problems.handle(error, {}))

    return answer


def _safe(answer: HttpResponse) -> HttpResponse:
    answer._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001 - Django would warn of every 404
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if answer.status_code not in BODILESS:
        answer.headers["Content-Length"] = str(len(answer.content))
    return answer
