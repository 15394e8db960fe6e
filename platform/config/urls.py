"""Every URL the web process answers, one line per area.

The native APIs stand at the same paths as at the gateway; called without its signed header they
answer 401.
"""

from django.contrib import admin
from django.urls import include, path

handler500 = "portal.refusals.of_crash"
urlpatterns = [
    path("", include("apps.oauth.api.urls")),
    path("", include("apps.keys.api.urls")),
    path("", include("portal.urls")),
    path("accounts/", include("portal.account_urls")),
    path("admin/", admin.site.urls),
    path("commerce/v1/", include("apps.commerce.api.urls")),
    path("platform/v1/", include("apps.management.api.urls")),
]
