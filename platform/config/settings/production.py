"""A real installation: every secret must be given, every cookie needs TLS."""

from config import env
from config.settings.base import *  # noqa: F403 - settings build on settings

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.flag("TRELLIS_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"

EMAIL_HOST = env.text("TRELLIS_SMTP_HOST", "localhost")
EMAIL_PORT = env.whole("TRELLIS_SMTP_PORT", default=587)
EMAIL_HOST_USER = env.text("TRELLIS_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("TRELLIS_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.flag("TRELLIS_SMTP_TLS", default=True)

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
