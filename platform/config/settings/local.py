"""The box on one machine: mails are kept and shown, the admin asks for no second factor.

``trellis up`` provides every secret. Other tools (``manage.py check``, mypy) need settings, not a
running platform: what is missing is filled in with values that reach nothing.
"""

import os

from config import env
from config.settings import placeholders

for name, value in placeholders.VALUES.items():
    os.environ.setdefault(name, value)
os.environ.setdefault("TRELLIS_ADMIN_MFA", "false")

from config.settings.base import *  # noqa: E402, F403 - settings build on settings

OUTBOX = env.flag("TRELLIS_OUTBOX", default=True)
EMAIL_BACKEND = "apps.notifications.outbox.OutboxBackend"
WHITENOISE_USE_FINDERS = True  # Static files as they lie in the project; nothing is collected.
