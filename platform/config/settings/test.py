"""The test environment: the box's PostgreSQL and Valkey, started by tests/conftest.py."""

import os

from config.settings import placeholders

for name, value in placeholders.VALUES.items():
    os.environ.setdefault(name, value)

from config.settings.base import *  # noqa: E402, F403 - settings build on settings
from config.settings.base import INSTALLED_APPS, MIDDLEWARE  # noqa: E402 - as above

INSTALLED_APPS += ["django_migration_linter", "zeal"]
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]  # A query per row raises.

OUTBOX = True
EMAIL_BACKEND = "apps.notifications.outbox.OutboxBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Fast; guards nothing.
WHITENOISE_AUTOREFRESH = True  # Static files are read where they lie; nothing collects them.
WHITENOISE_USE_FINDERS = True
