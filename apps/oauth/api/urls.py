"""Where clients talk to the authorization server, on the portal's origin.

None of django-oauth-toolkit's own routes exists here. The pages for people are the portal's.
"""

from django.urls import URLPattern, URLResolver, path

from apps.oauth.api import protocol, registration, userinfo, wellknown

app_name = "oauth"
urlpatterns: list[URLPattern | URLResolver] = [
    path("oauth/token", protocol.token, name="token"),
    path("oauth/par", protocol.par, name="par"),
    path("oauth/device_authorization", protocol.device_authorization, name="device_authorization"),
    path("oauth/revoke", protocol.revoke, name="revoke"),
    path("oauth/introspect", protocol.introspect, name="introspect"),
    path("oauth/register", registration.register, name="register"),
    path("oauth/register/<str:client_id>", registration.manage, name="registered"),
    path("oauth/userinfo", userinfo.show, name="userinfo"),
    path(".well-known/oauth-authorization-server", wellknown.server, name="metadata"),
    path(".well-known/openid-configuration", wellknown.server, name="openid-configuration"),
    path(".well-known/jwks.json", wellknown.keys, name="jwks"),
]
