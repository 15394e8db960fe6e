"""What the stock server serves: the toolkit's own routes, a sign-in page and one protected view."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.urls import include, path
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.models import Application
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

CALLBACK = "https://judge.example/callback"
LOOPBACK = "http://127.0.0.1/callback"
PASSWORD = "of the stock server"
CODE, DEVICE, OWN = "authorization-code", Application.GRANT_DEVICE_CODE, "client-credentials"
CLIENTS = {  # the toolkit knows one grant type for each client
    "code": ("confidential", CODE, CALLBACK),
    "native": ("public", CODE, LOOPBACK),
    "device": ("public", DEVICE, ""),
    "other device": ("public", DEVICE, ""),
    "public": ("public", OWN, ""),
    "other": ("confidential", OWN, ""),
}


class Orders(APIView):
    """Guarded by the toolkit's authenticator, as its documentation shows."""

    authentication_classes = (OAuth2Authentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        """Answer with nothing in particular."""
        return Response({"data": []})


urlpatterns = [
    path("api/orders", Orders.as_view()),
    path("sign-in", LoginView.as_view()),
    path("", include("oauth2_provider.urls")),
]


def fill() -> dict[str, Any]:
    """Make people and clients, and say which."""
    people = {}
    for name in ("judy", "victim"):
        user = User.objects.create_user(name, f"{name}@judges.example", PASSWORD)
        people[name] = {"email": name, "password": PASSWORD, "user": user.pk}
    clients = {}
    for name, (kind, grant, callback) in CLIENTS.items():
        made = Application(
            name=name,
            client_type=kind,
            authorization_grant_type=grant,
            redirect_uris=callback,
            algorithm="RS256",
        )
        if kind == "public":
            made.client_secret = ""  # it cannot keep one, so it has none
        secret = made.client_secret
        made.save()
        clients[name] = {"client_id": made.client_id, "client_secret": secret, "callback": callback}
    return {"people": people, "clients": clients}
