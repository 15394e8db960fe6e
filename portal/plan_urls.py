"""The pages of an application's plan and limits."""

from django.urls import path

from portal.views import limits

urlpatterns = [
    path("applications/<str:application_id>/limits", limits.index, name="applications-limits"),
    path(
        "applications/<str:application_id>/limits/withdraw",
        limits.withdraw,
        name="applications-limits-withdraw",
    ),
]
