"""What all endpoints for programs share: every origin may call, and an outage is told in JSON.

None of them reads a cookie.
"""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.core import outage
from apps.oauth import errors

log = logging.getLogger(__name__)
View = Callable[..., HttpResponse]
ASKED: Final = "Authorization, Content-Type, DPoP"
SHOWN: Final = "DPoP-Nonce, Retry-After, WWW-Authenticate"
DAY: Final = "86400"  # seconds


def every_origin(*methods: str) -> Callable[[View], View]:
    """Answer ``methods``, and OPTIONS, with CORS headers; 405 to any other.

    While PostgreSQL is away the answer is ``temporarily_unavailable``.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                given = HttpResponse(status=HTTPStatus.NO_CONTENT)
                given["Access-Control-Allow-Methods"] = ", ".join(methods)
                given["Access-Control-Allow-Headers"] = ASKED
                given["Access-Control-Max-Age"] = DAY
            elif request.method in methods or (request.method == "HEAD" and "GET" in methods):
                given = _answered(view, request, *args, **values)
            else:
                given = _refused(methods)
            given["Access-Control-Allow-Origin"] = "*"
            given["Access-Control-Expose-Headers"] = SHOWN
            return given

        return answer

    return decorate


def _refused(methods: Sequence[str]) -> HttpResponse:
    words = f"This endpoint is called with {' or '.join(methods)}."
    answer = JsonResponse(
        errors.described("invalid_request", words), status=HTTPStatus.METHOD_NOT_ALLOWED
    )
    answer["Allow"] = ", ".join((*methods, "OPTIONS"))
    return answer


def _answered(view: View, request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
    try:
        return view(request, *args, **values)
    except Exception as error:
        if not outage.is_lost(error):
            raise
        log.warning("%s found no PostgreSQL: %s", request.path, error)
    answer = JsonResponse(
        errors.described("temporarily_unavailable", outage.WORDS),
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    )
    answer["Retry-After"] = outage.RETRY_AFTER
    answer["Cache-Control"] = "no-store"
    return answer
