"""A plain Django project: the shortest settings that serve one order to a key under a limit."""

import os

from config import env

SECRET_KEY = "nothing of worth is signed with it"  # noqa: S105 - a benchmark
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "benchmarks.rivals.drf.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework_api_key",
    "benchmarks.rivals.drf",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": env.database("RIVAL_DATABASE_URL") | {"CONN_MAX_AGE": 600}}
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ["VALKEY_URL"],
        "KEY_PREFIX": "rival",
    }
}
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework_api_key.permissions.HasAPIKey"],
    "DEFAULT_THROTTLE_CLASSES": ["benchmarks.rivals.drf.throttles.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": "100000/second"},
    "UNAUTHENTICATED_USER": None,
}
