"""What the authorization server publishes about itself."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.oauth import metadata, signing
from apps.oauth.api.cors import every_origin


@every_origin("GET")
def server(request: HttpRequest) -> HttpResponse:
    """Answer with the metadata (RFC 8414, OpenID Connect Discovery 1.0)."""
    answer = JsonResponse(metadata.document())
    answer["Cache-Control"] = "public, max-age=300"
    return answer


@every_origin("GET")
def keys(request: HttpRequest) -> HttpResponse:
    """Answer with the public keys (RFC 7517)."""
    answer = JsonResponse(signing.jwks())
    answer["Cache-Control"] = f"public, max-age={int(signing.KEPT_BY_OTHERS.total_seconds())}"
    return answer
