"""Secrets that must be shown again, encrypted under a key that never enters PostgreSQL."""

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def seal(secret: str) -> bytes:
    """Encrypt ``secret`` for storage."""
    return Fernet(settings.VAULT_KEY).encrypt(secret.encode())


def unseal(sealed: bytes) -> str | None:
    """Return what was sealed, or None when the vault's key has changed since."""
    try:
        return Fernet(settings.VAULT_KEY).decrypt(sealed).decode()
    except InvalidToken:
        return None
