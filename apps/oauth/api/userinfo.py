"""The userinfo endpoint."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.oauth import errors, forms, userinfo
from apps.oauth.api.cors import every_origin


@every_origin("GET", "POST")
def show(request: HttpRequest) -> HttpResponse:
    """Answer with what the access token may know about its end user."""
    try:
        answer = JsonResponse(
            userinfo.about(
                _authorization(request),
                method=str(request.method),
                url=f"{settings.PORTAL_URL}{request.path}",
                proof=request.META.get("HTTP_DPOP"),
            )
        )
    except userinfo.Refused as refused:
        answer = _refusal(refused)
    answer["Cache-Control"] = "no-store"
    return answer


def _authorization(request: HttpRequest) -> str:
    """Return the credential; a form may hold it when no header does (RFC 6750, section 2.2)."""
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    if request.method != "POST" or request.content_type != forms.FORM:
        return header
    try:
        token = forms.read(request).get("access_token")
    except OAuth2Error as error:
        raise userinfo.Refused(str(error.description), error="invalid_request") from error
    if header and token:
        raise userinfo.Refused("The token is sent twice.", error="invalid_request")
    return f"Bearer {token}" if token else header


def _refusal(refused: userinfo.Refused) -> JsonResponse:
    body = errors.described(refused.error, str(refused)) if refused.error else None
    answer = JsonResponse(body or {}, status=refused.status)
    answer["WWW-Authenticate"] = ", ".join(userinfo.challenges(refused))
    return answer
