"""Which application a sign-in is for."""

from urllib.parse import urlsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.oauth import captions
from apps.oauth.authorization import Refused
from portal import authorizing


def asker(request: HttpRequest) -> captions.Caption | None:
    """Return who waits for this sign-in, where a client's request stands behind it."""
    named = REDIRECT_FIELD_NAME
    try:
        back = urlsplit(request.POST.get(named) or request.GET.get(named) or "")
    except ValueError:
        return None
    if back.path != reverse("portal:authorize"):
        return None
    try:
        return captions.of(authorizing.client_of(QueryDict(back.query)))
    except Refused:
        return None
