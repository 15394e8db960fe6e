"""Idempotency keys: the same request twice has one effect."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    """Idempotency keys."""

    name = "apps.idempotency"
