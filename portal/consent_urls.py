"""The pages of OAuth: what end users see, and what developers set up for it."""

from django.urls import path

from portal.views import (
    authorize,
    clients,
    connections,
    device,
    initial_tokens,
    logos,
    presenting,
    scopes,
    sign_out,
)

urlpatterns = [
    path("oauth/authorize", authorize.authorize, name="authorize"),
    path("oauth/logout", sign_out.sign_out, name="sign-out"),
    path("oauth/logout/confirm", sign_out.confirm, name="sign-out-confirm"),
    path("oauth/authorize/decide", authorize.decide, name="authorize-decide"),
    path("device", device.index, name="device"),
    path("device/decide", device.decide, name="device-decide"),
    path("connections", connections.index, name="connections"),
    path("connections/<str:consent_id>/revoke", connections.revoke, name="connections-revoke"),
    path("logos/<str:application_id>/<slug:digest>.png", logos.logo, name="logo"),
    path("docs/scopes", scopes.index, name="scopes"),
    path(
        "applications/<str:application_id>/scopes",
        presenting.requested_scopes,
        name="applications-scopes",
    ),
    path("applications/<str:application_id>/logo", presenting.logo, name="applications-logo"),
    path("applications/<str:application_id>/oauth", clients.index, name="applications-oauth"),
    path("applications/<str:application_id>/oauth/new", clients.new, name="applications-oauth-new"),
    path(
        "applications/<str:application_id>/oauth/initial-tokens",
        initial_tokens.index,
        name="applications-oauth-tokens",
    ),
    path("oauth-clients/<str:client_id>", clients.detail, name="applications-client"),
    path(
        "oauth-clients/<str:client_id>/consent",
        clients.preview,
        name="applications-client-consent",
    ),
    path("oauth-clients/<str:client_id>/delete", clients.delete, name="applications-client-delete"),
    path(
        "oauth-clients/<str:client_id>/secrets",
        clients.add_secret,
        name="applications-client-secret",
    ),
    path(
        "oauth-clients/<str:client_id>/secrets/<str:secret_id>/revoke",
        clients.revoke_secret,
        name="applications-client-secret-revoke",
    ),
]
