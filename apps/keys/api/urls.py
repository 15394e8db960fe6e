"""Where leaked keys are reported."""

from django.urls import path

from apps.keys.api import views

urlpatterns = [path(".well-known/secret-scanning", views.secret_scanning, name="secret-scanning")]
