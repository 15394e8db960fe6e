"""What every environment shares. docs/reference/settings.md explains every TRELLIS_* name."""

from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF

from config import admin_pages, env
from config.settings.oauth import *  # noqa: F403 - Django's settings are a module's names
from config.settings.schedule import *  # noqa: F403 - as above

django_stubs_ext.monkeypatch()  # so that ModelAdmin[Key] also works when it runs

SOURCES = Path(__file__).resolve().parents[2]
ROOT = SOURCES.parent
# In a wheel there is no repository: pages, assets and documents travel inside `portal`.
FILES = ROOT if (ROOT / "manage.py").exists() else SOURCES / "portal"
HOME = Path(env.text("TRELLIS_HOME", str(ROOT / ".trellis")))
DEBUG = False

# Secrets. Each may instead come from a file: TRELLIS_SECRET_KEY_FILE=/run/secrets/key
SECRET_KEY = env.text("TRELLIS_SECRET_KEY")
KEY_PEPPERS = [  # (id, pepper), the current one first. Losing them invalidates every API key.
    (name, bytes.fromhex(value))
    for name, _, value in (item.partition(":") for item in env.listed("TRELLIS_KEY_PEPPER", None))
]
VAULT_KEY = env.text("TRELLIS_VAULT_KEY")
CALLER_KEY = bytes.fromhex(env.text("TRELLIS_CALLER_KEY"))

# Where people and programs find the platform. Two origins, so that no cookie reaches the API.
PORTAL_URL = env.text("TRELLIS_PORTAL_URL", "http://localhost:8000").rstrip("/")
API_URL = env.text("TRELLIS_API_URL", "http://localhost:8080").rstrip("/")
ALLOWED_HOSTS = env.listed("TRELLIS_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
TRUSTED_PROXIES = env.whole("TRELLIS_TRUSTED_PROXIES", default=0)

# Modules with the dated revisions of APIs. The gateway reads them too.
REVISIONS = env.listed("TRELLIS_REVISIONS", "apps.commerce.revisions")

# The operator's brand.
BRAND = {
    "name": env.text("TRELLIS_BRAND_NAME", "Acme"),
    "slug": env.text("TRELLIS_BRAND_SLUG", "acme"),
    "accent": env.text("TRELLIS_BRAND_ACCENT", ""),
    "logo": env.text("TRELLIS_BRAND_LOGO", ""),
    "key_prefix": env.text("TRELLIS_BRAND_KEY_PREFIX", "trl"),
    "mail_from": env.text("TRELLIS_BRAND_MAIL_FROM", "Acme <developers@acme.example>"),
}

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "config.admin.OperatorsAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "django_htmx",
    "csp",
    "lucide",
    "portal",
    "apps.core",
    "apps.events",
    "apps.accounts",
    "apps.orgs",
    "apps.tenants",
    "apps.idempotency",
    "apps.notifications",
    "apps.catalog",
    "apps.applications",
    "apps.plans",
    "apps.keys",
    "apps.oauth",
    "apps.usage",
    "apps.onboarding",
    "apps.moderation",
    "apps.commerce",
    "apps.management",
]
MIDDLEWARE = [
    "apps.core.rest.middleware.native_apis",  # first: an API call needs none of the others
    "portal.middleware.Bounded",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.ProblemPages",
    "portal.middleware.Doors",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FILES / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.portal",
            ]
        },
    }
]

# PostgreSQL. Web and workers may not bypass row-level security; migrations run as the owner.
DATABASES = {
    "default": env.database("DATABASE_URL") | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Valkey. Losing it signs nobody out: sessions are read from PostgreSQL then.
VALKEY_URL = env.text("VALKEY_URL")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": VALKEY_URL,
        "KEY_PREFIX": "trl:django",
        "OPTIONS": {
            # Not pickle: whoever may write to Valkey, a gateway too, would run code in the web.
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.5,
            "CONNECTION_POOL_KWARGS": {"retry": None},
        },
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# People sign in with e-mail and password; a code proves the address at sign-up.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/overview"
ACCOUNT_SIGNUP_REDIRECT_URL = "/start"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_CHANGE_EMAIL = True  # One address each: the new one replaces the old once it is proved.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "signup": "portal.forms.signup.SignupForm",
    "login": "portal.forms.account.LoginForm",
    "add_email": "portal.forms.account.AddEmailForm",
    "change_email": "portal.forms.account.ChangeEmailForm",
    "confirm_email_verification_code": "portal.forms.account.CodeForm",
    "change_password": "portal.forms.account.ChangePasswordForm",
    "set_password": "portal.forms.account.SetPasswordForm",
    "reset_password": "portal.forms.account.ResetPasswordForm",
    "reset_password_from_key": "portal.forms.account.ResetPasswordKeyForm",
    "reauthenticate": "portal.forms.account.ReauthenticateForm",
}
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
MFA_ADAPTER = "portal.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # half a minute early or late; each code is good once all the same
MFA_FORMS = {
    "authenticate": "portal.forms.factor.AuthenticateForm",
    "reauthenticate": "portal.forms.factor.ReauthenticateForm",
    "activate_totp": "portal.forms.factor.ActivateTOTPForm",
    "add_webauthn": "portal.forms.factor.AddWebAuthnForm",
    "edit_webauthn": "portal.forms.factor.EditWebAuthnForm",
}
ADMIN_MFA = env.flag("TRELLIS_ADMIN_MFA", default=True)

# Mail.
OUTBOX = False  # Mails shown at /outbox without sign-in: config.settings.local only.
DEFAULT_FROM_EMAIL = BRAND["mail_from"]
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

# Pages.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]  # Otherwise Django's and allauth's own words come in others too.
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
USE_I18N = True
FORMS_URLFIELD_ASSUME_HTTPS = True  # as Django 6 will
STATIC_URL = "static/"
STATICFILES_DIRS = [FILES / "static"]
STATIC_ROOT = env.text("TRELLIS_STATIC_ROOT", str(HOME / "static"))
DOCS = FILES / "docs"

# Nothing inline, nothing from elsewhere. The admin has a policy of its own: see apps.core.admin.
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, API_URL],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# The operator's admin: its look and its table of contents.
UNFOLD = {
    "SITE_TITLE": f"{BRAND['name']} admin",
    "SITE_HEADER": BRAND["name"],
    "SITE_SUBHEADER": "Operations",
    "SITE_URL": "/overview",
    "SITE_SYMBOL": "hub",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/icon.svg"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": admin_pages.palette(BRAND["accent"])},
    "DASHBOARD_CALLBACK": "config.dashboard.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": admin_pages.NAVIGATION},
}

# The APIs. Views raise; one handler answers. Only the gateway's signed header lets a call in.
NATIVE_APIS = {
    "/commerce/v1/": "apps.commerce.api.urls",
    "/platform/v1/": "apps.management.api.urls",
}
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.core.rest.authentication.GatewayAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.rest.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.rest.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "apps.core.rest.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {  # What each API says of itself stands in its openapi module.
    "VERSION": "1.0.0",
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "apps.commerce.models.Order.Status",
        "PaymentStatus": "apps.commerce.models.Payment.Status",
        "RefundReason": "apps.commerce.models.Refund.Reason",
        "ApplicationState": "apps.applications.models.Application.State",
        "Role": "apps.orgs.models.Role",
        "TenantKind": "apps.tenants.models.Tenant.Kind",
        "KeyKind": "apps.management.api.serializers.KEY_KINDS",
        "NewKeyKind": "apps.management.api.bodies.NEW_KEY_KINDS",
        "KeyState": "apps.management.api.serializers.KEY_STATES",
        "InvitationState": "apps.management.api.serializers.INVITATION_STATES",
        "LimitKind": "apps.management.api.serializers.LIMIT_KINDS",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums"],
}

# Who may register OAuth clients by themselves.
REGISTRATION = env.choice("TRELLIS_REGISTRATION", "token", among=("off", "token", "open"))

# Keys that somebody found in public: who may report them, and what happens then.
LEAK_REPORTERS = env.text("TRELLIS_LEAK_REPORTERS", "")
LEAK_POLICY = env.text(
    "TRELLIS_LEAK_POLICY", "test:revoke,live:grace,test_p:notify,live_p:notify,live_d:revoke"
)
LEAK_GRACE_HOURS = env.whole("TRELLIS_LEAK_GRACE_HOURS", default=24)

# Work. A queue per promise: mail may be slow, usage may be large, the rest is prompt.
CELERY_BROKER_URL = env.text("TRELLIS_BROKER_URL", VALKEY_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "usage.*": {"queue": "usage"},
    "notifications.*": {"queue": "mail"},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": "trl:celery:"}

# What `manage.py seed_demo` writes: logins and keys of the demo.
DEMO_FILE = HOME / "demo.json"
EXAMPLE_URL = env.text("TRELLIS_EXAMPLE_URL", "")  # where the box runs a merchant's back office

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("TRELLIS_LOG_LEVEL", "INFO")},
}
