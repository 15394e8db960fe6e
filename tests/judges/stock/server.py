"""django-oauth-toolkit as it comes, every gate of RFC 9700 closed: what one would run instead.

``python server.py FOLDER PORT`` prints one line of JSON about what it made, and serves until its
input ends.
"""

import json
import logging
import os
import sys
import threading
from importlib import import_module
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

GATES = (
    "IMPLICIT_GRANT",
    "PASSWORD_GRANT",
    "PKCE_METHOD",
    "ACCESS_TOKEN_TRANSPORT",
    "AUTHZ_RESPONSE_ISS",
    "TOKEN_STORAGE",
    "REFRESH_TOKEN",
    "REDIRECT_URI_SCHEME",
    "REDIRECT_URI_MATCHING",
    "PKCE_REQUIRED",
)
SIGN_IN = "<form method=post>{% csrf_token %}{{ form }}<button>Sign in</button></form>"


def configure(folder: Path, issuer: str) -> None:
    """Set up Django around the toolkit."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings.configure(
        SECRET_KEY="of the stock server",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="project",
        USE_TZ=True,
        LOGIN_URL="/sign-in",
        # A client secret would cost a second of PBKDF2 each time.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "stock.sqlite3",
                "OPTIONS": {"timeout": 20},
            }
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
            "rest_framework",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[_templates()],
        OAUTH2_PROVIDER=_provider(issuer, pem),
        LOGGING_CONFIG=None,
    )
    django.setup()
    logging.disable()


def _templates() -> dict[str, Any]:
    files = "django.template.loaders.app_directories.Loader"
    memory = "django.template.loaders.locmem.Loader"
    loaders = [(memory, {"registration/login.html": SIGN_IN}), files]
    processors = ["django.template.context_processors.request"]
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": loaders, "context_processors": processors},
    }


def _provider(issuer: str, pem: str) -> dict[str, Any]:
    return {
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": pem,
        "OIDC_ISS_ENDPOINT": issuer,
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "PKCE_REQUIRED": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ("oauth2_provider.dcr.AllowAllDCRPermission",),
        "OAUTH_DEVICE_VERIFICATION_URI": f"{issuer}/device/",
        "SCOPES": {"openid": "Who you are", "email": "Your address", "orders:read": "Orders"},
        **{f"COMPLIANT_BCP_RFC9700_{gate}": True for gate in GATES},
    }


class Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at a time."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        pass


def main() -> None:
    """Serve until the one who started this goes away."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    configure(folder, f"http://localhost:{port}")
    call_command("migrate", verbosity=0)
    facts = import_module("project").fill()  # its models need Django's settings
    server = make_server("127.0.0.1", port, get_wsgi_application(), Server, Quiet)
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
