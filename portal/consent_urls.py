"""The pages of OAuth: what end users see, and what developers set up for it."""

from django.urls import path

from portal.views import authorize, connections, device, logos, scopes

urlpatterns = [
    path("oauth/authorize", authorize.authorize, name="authorize"),
    path("oauth/authorize/decide", authorize.decide, name="authorize-decide"),
    path("device", device.index, name="device"),
    path("device/decide", device.decide, name="device-decide"),
    path("connections", connections.index, name="connections"),
    path("connections/<str:consent_id>/revoke", connections.revoke, name="connections-revoke"),
    path("logos/<str:application_id>/<slug:digest>.png", logos.logo, name="logo"),
    path("docs/scopes", scopes.index, name="scopes"),
]
