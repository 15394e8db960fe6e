"""What the gateway reads from its environment; it knows nothing of Django's settings."""

import os
from dataclasses import dataclass
from pathlib import Path

MB = 1024 * 1024
SHORTEST = 32  # characters of a secret that is not made here
PLATFORM_FOLDER = Path(__file__).resolve().parents[2] / ".trellis"


class Invalid(Exception):  # noqa: N818 - said to the operator, who knows it as a setting
    """A setting is missing or makes no sense; the message says which and what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The gateway's settings. ``peppers`` are the secrets of key digests, the current one first."""

    database_url: str
    valkey_url: str
    peppers: tuple[bytes, ...]
    caller_key: bytes
    portal_url: str
    api_url: str
    upstream: str
    spool: Path
    spool_limit: int
    trusted_proxies: int
    key_prefix: str
    brand: str
    capacity: int = 1000
    authz: tuple[bytes, ...] = ()
    drain: int = 0  # seconds between being told to end and ending
    revisions: tuple[str, ...] = ()

    @classmethod
    def read(cls) -> "Settings":
        """Return the settings; Invalid when one is missing or malformed."""
        peppers = [item.partition(":")[2] for item in text("TRELLIS_KEY_PEPPER").split(",")]
        return cls(
            database_url=text("DATABASE_GATEWAY_URL"),
            valkey_url=text("VALKEY_URL"),
            peppers=tuple(_secret("TRELLIS_KEY_PEPPER", value.strip()) for value in peppers),
            caller_key=_secret("TRELLIS_CALLER_KEY", text("TRELLIS_CALLER_KEY")),
            portal_url=text("TRELLIS_PORTAL_URL", "http://localhost:8000").rstrip("/"),
            api_url=text("TRELLIS_API_URL", "http://localhost:8080").rstrip("/"),
            upstream=text("TRELLIS_WEB_UPSTREAM", "http://127.0.0.1:8000").rstrip("/"),
            spool=Path(text("TRELLIS_SPOOL_DIR", str(PLATFORM_FOLDER / "spool"))),
            spool_limit=_whole("TRELLIS_SPOOL_LIMIT_MB", 1024) * MB,
            trusted_proxies=_whole("TRELLIS_TRUSTED_PROXIES", 0),
            key_prefix=text("TRELLIS_BRAND_KEY_PREFIX", "trl"),
            brand=text("TRELLIS_BRAND_NAME", "Acme"),
            capacity=_whole("TRELLIS_GATEWAY_CAPACITY", 1000),
            drain=_whole("TRELLIS_GATEWAY_DRAIN", 0),
            authz=_shared("TRELLIS_AUTHZ_SECRET"),
            revisions=_listed("TRELLIS_REVISIONS", "apps.commerce.revisions"),
        )


def text(name: str, default: str | None = None) -> str:
    """Return ``NAME``, or what is in the file that ``NAME_FILE`` names."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise Invalid(f"Set {name}, or set {name}_FILE to a file that holds it.")
    return value


def _listed(name: str, default: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text(name, default).split(",") if item.strip())


def _whole(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal():
        raise Invalid(f"{name} is {value!r}; say a whole number, zero or more.")
    return int(value)


def _secret(name: str, value: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise Invalid(f"{name} must be hexadecimal.") from None


def _shared(name: str) -> tuple[bytes, ...]:
    """Return secrets that another program holds too, none when there are none."""
    told = [item.strip() for item in text(name, "").split(",") if item.strip()]
    if any(len(item) < SHORTEST or not item.isascii() for item in told):
        raise Invalid(f"Each secret in {name} must have {SHORTEST} ASCII characters or more.")
    return tuple(item.encode() for item in told)
