"""The shortest settings with which django-oauth-toolkit issues tokens and DRF accepts them."""

from config import env

SECRET_KEY = "nothing of worth is signed with it"  # noqa: S105 - a benchmark
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "benchmarks.stock.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "oauth2_provider",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": env.database("STOCK_DATABASE_URL") | {"CONN_MAX_AGE": 600}}
OAUTH2_PROVIDER = {"SCOPES": {"orders:read": "Read orders"}}
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
