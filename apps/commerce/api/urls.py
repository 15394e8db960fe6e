"""Paths of the reference API, below ``/commerce/v1/``."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
