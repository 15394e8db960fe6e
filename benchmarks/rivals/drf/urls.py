"""An order of its own, and one of the service behind."""

from django.urls import path

from benchmarks.rivals.drf.views import OrderView, PassedOnView

urlpatterns = [
    path("orders/<str:pk>", OrderView.as_view()),
    path("passed-on/orders/<str:pk>", PassedOnView.as_view()),
]
