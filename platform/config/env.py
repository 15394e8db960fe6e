"""Reading the environment, and complaining clearly about it."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PATIENCE = "5"  # seconds


def text(name: str, default: str | None = None) -> str:
    """Return ``NAME``, or what is in the file that ``NAME_FILE`` names."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name}, or set {name}_FILE to a file that holds it.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """Return ``NAME`` read as true or false, and nothing in between."""
    value = text(name, str(default)).lower()
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; say true or false.")
    return value == "true"


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    """Return ``NAME``, which is one of a few words."""
    value = text(name, default).lower()
    if value not in among:
        raise ImproperlyConfigured(f"{name} is {value!r}; say {' or '.join(among)}.")
    return value


def whole(name: str, *, default: int) -> int:
    """Return ``NAME`` read as a whole number, zero or more."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}; say a whole number, zero or more.")
    return int(value)


def listed(name: str, default: str | None = "") -> list[str]:
    """Return ``NAME`` split at commas, without blanks."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def database(name: str, default: str | None = None) -> dict[str, object]:
    """Return Django's settings for ``NAME``, a ``postgresql://user:password@host:port/db`` URL.

    A unix socket is named as libpq does it: ``postgresql://user:password@/db?host=/folder``.
    libpq would wait for ever for a server that does not answer; the URL may say otherwise.
    """
    url = text(name, default)
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must be a postgresql:// URL, not {parts.scheme}://.")
    options: dict[str, object] = {"connect_timeout": PATIENCE, **dict(parse_qsl(parts.query))}
    host = options.pop("host", None) or parts.hostname or ""
    port = options.pop("port", None) or parts.port or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port),
        "OPTIONS": options,
    }
