"""Letting pages of every origin call an endpoint: none of them reads a cookie."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponse]
ASKED: Final = "Authorization, Content-Type, DPoP"
SHOWN: Final = "DPoP-Nonce, Retry-After, WWW-Authenticate"
DAY: Final = "86400"  # seconds


def every_origin(*methods: str) -> Callable[[View], View]:
    """Answer ``methods``, and OPTIONS, with CORS headers; 405 to any other."""

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
                given = view(request, *args, **values)
            else:
                given = HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED)
                given["Allow"] = ", ".join((*methods, "OPTIONS"))
            given["Access-Control-Allow-Origin"] = "*"
            given["Access-Control-Expose-Headers"] = SHOWN
            return given

        return answer

    return decorate
