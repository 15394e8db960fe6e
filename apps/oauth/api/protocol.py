"""The endpoints that clients post forms to."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from apps.oauth import device_authorization as beginning
from apps.oauth import forms, introspection, proofs, pushed, tokens
from apps.oauth.api.cors import every_origin
from apps.oauth.forms import Form
from apps.oauth.tokens import Reply

Work = Callable[[Form], Reply]


def endpoint(work: Work) -> Callable[..., HttpResponse]:
    """Answer a form with what ``work`` makes of it, and whatever is wrong in the same shape."""

    @every_origin("POST")
    def view(request: HttpRequest) -> HttpResponse:
        try:
            reply = work(forms.read(request))
        except OAuth2Error as refused:
            reply = tokens.refusal(refused)
        return _answer(reply, with_nonce="HTTP_DPOP" in request.META)

    return view


def _answer(reply: Reply, *, with_nonce: bool) -> HttpResponse:
    body = b"" if reply.body is None else json.dumps(reply.body).encode()
    answer = HttpResponse(body, status=reply.status, content_type="application/json")
    if reply.body is None:
        del answer["Content-Type"]
    for name, value in reply.headers.items():
        answer[name] = value
    asks = (reply.body or {}).get("error") in {"use_dpop_nonce", "invalid_dpop_proof"}
    if with_nonce or asks:
        answer["DPoP-Nonce"] = proofs.nonce()
    answer["Cache-Control"] = "no-store"
    answer["Pragma"] = "no-cache"
    return answer


token = endpoint(tokens.exchange)
par = endpoint(pushed.push)
device_authorization = endpoint(beginning.answer)
introspect = endpoint(introspection.introspect)
revoke = endpoint(introspection.revoke)
