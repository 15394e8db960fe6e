"""The reference API: customers, products, orders, payments and refunds."""

from django.apps import AppConfig


class CommerceConfig(AppConfig):
    """Commerce."""

    name = "apps.commerce"
