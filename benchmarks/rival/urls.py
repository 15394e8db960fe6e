"""One path."""

from django.urls import path

from benchmarks.rival.views import OrderView

urlpatterns = [path("orders/<str:pk>", OrderView.as_view())]
