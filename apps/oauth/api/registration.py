"""The client registration and configuration endpoints (RFC 7591, RFC 7592)."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.core.addresses import client_address
from apps.oauth import client_metadata, errors, registration, strangers
from apps.oauth.api.cors import every_origin
from apps.oauth.client_metadata import Refused

LARGEST: Final = 64 * 1024
LONGEST_TOKEN: Final = 200
View = Callable[..., HttpResponse]


def said_in_json(view: View) -> View:
    """Answer what is refused as OAuth does, and let no answer be kept."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        try:
            given = view(request, *args, **values)
        except OAuth2Error as refused:
            given = _refusal(refused)
        given["Cache-Control"] = "no-store"
        return given

    return answer


@every_origin("POST")
@said_in_json
def register(request: HttpRequest) -> HttpResponse:
    """Register a client, if the operator lets it."""
    if settings.REGISTRATION == "off":
        raise Refused("The operator registers no clients here.", error="access_denied", status=403)
    token = _token(request)
    if not token and settings.REGISTRATION == "open":
        strangers.admit(client_address(request) or "")
    made = registration.register(client_metadata.read(_body(request)), token=token)
    return JsonResponse(made.document(), status=HTTPStatus.CREATED)


@every_origin("GET", "PUT", "DELETE")
@said_in_json
def manage(request: HttpRequest, client_id: str) -> HttpResponse:
    """Show, replace or delete what the token's own client registered."""
    known = registration.find(client_id.replace("\0", ""), _token(request))
    if request.method == "DELETE":
        registration.delete(known)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if request.method == "PUT":
        known = registration.change(known, client_metadata.read(_body(request)))
    return JsonResponse(known.document())


def _token(request: HttpRequest) -> str:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) > LONGEST_TOKEN:
        return ""
    return str(token.strip())


def _body(request: HttpRequest) -> bytes:
    if request.content_type != "application/json":
        raise Refused("The body must be application/json.", error="invalid_request")
    try:
        body = request.read(LARGEST + 1)
    except OSError as error:
        raise Refused("The body broke off.", error="invalid_request") from error
    if len(body) > LARGEST:
        raise Refused("The body is larger than 64 KiB.", error="invalid_request", status=413)
    return bytes(body)


def _refusal(refused: OAuth2Error) -> HttpResponse:
    answer = JsonResponse(errors.document(refused), status=refused.status_code)
    for name, value in errors.headers(refused).items():
        answer[name] = value
    if refused.status_code == HTTPStatus.UNAUTHORIZED:
        error = refused.error
        answer["WWW-Authenticate"] = f'Bearer realm="{settings.PORTAL_URL}", error="{error}"'
    return answer
