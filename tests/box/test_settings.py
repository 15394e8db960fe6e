"""What a real installation refuses, and what it never does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHOW = """
import json
from config.settings import production as s
names = ("OUTBOX", "DEBUG", "ADMIN_MFA", "EMAIL_BACKEND", "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_NAME", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_NAME",
    "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECRET_KEY", "ACCOUNT_EMAIL_VERIFICATION",
    "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", "OAUTH2_PROVIDER")
print(json.dumps({name: getattr(s, name) for name in names}))
"""
SECRETS = {
    "TRELLIS_SECRET_KEY": "x" * 50,
    "TRELLIS_KEY_PEPPER": "1:" + "ab" * 32,
    "TRELLIS_VAULT_KEY": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
    "TRELLIS_CALLER_KEY": "cd" * 32,
    "DATABASE_URL": "postgresql://trellis_app:secret@db.internal/trellis",
    "VALKEY_URL": "redis://valkey.internal:6379/0",
}


def load(**changes: str | None) -> "subprocess.CompletedProcess[str]":
    """Load the production settings in an environment of its own."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}}
    wanted = {name: value for name, value in (SECRETS | changes).items() if value is not None}
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", SHOW],
        env=kept | wanted,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def shown(**changes: str | None) -> dict[str, Any]:
    done = load(**changes)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_production_keeps_mails_private_cookies_behind_tls_and_staff_behind_two_factors() -> None:
    found = shown()
    assert found["OUTBOX"] is False
    assert found["DEBUG"] is False
    assert found["ADMIN_MFA"] is True
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    for name in ("SESSION_COOKIE", "CSRF_COOKIE"):
        assert found[f"{name}_SECURE"] is True
        assert found[f"{name}_NAME"].startswith("__Host-")
    assert found["SESSION_COOKIE_HTTPONLY"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["ACCOUNT_EMAIL_VERIFICATION"] == "mandatory"
    assert found["ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED"] is True


def test_no_door_of_oauth_that_rfc_9700_closes_is_open() -> None:
    found = shown()["OAUTH2_PROVIDER"]
    assert found["PKCE_REQUIRED"] is True
    assert found["REFRESH_TOKEN_REUSE_PROTECTION"] is True
    assert found["ALLOWED_REDIRECT_URI_SCHEMES"] == ["https"]
    gates = {name: open_ for name, open_ in found.items() if "RFC9700" in name}
    assert len(gates) >= 10
    assert set(gates.values()) == {True}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_is_missing_is_named_and_nothing_starts(name: str) -> None:
    done = load(**{name: None})
    assert done.returncode != 0
    assert f"Set {name}, or set {name}_FILE" in done.stderr


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from a file\n")
    found = shown(TRELLIS_SECRET_KEY=None, TRELLIS_SECRET_KEY_FILE=str(file))
    assert found["SECRET_KEY"] == "from a file"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TRELLIS_ADMIN_MFA", "no", "say true or false"),
        ("TRELLIS_TRUSTED_PROXIES", "-1", "say a whole number"),
        ("DATABASE_URL", "mysql://db/trellis", "must be a postgresql:// URL"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str, said: str) -> None:
    done = load(**{name: value})
    assert done.returncode != 0
    assert name in done.stderr
    assert said in done.stderr
