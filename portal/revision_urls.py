"""The pages of the dated revisions in which an application is served."""

from django.urls import path

from portal.views import revisions

urlpatterns = [
    path(
        "applications/<str:application_id>/revisions",
        revisions.index,
        name="applications-revisions",
    ),
    path(
        "applications/<str:application_id>/revisions/<slug:slug>/v<int:major>/<str:revision>",
        revisions.move,
        name="applications-revisions-move",
    ),
]
