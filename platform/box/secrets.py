"""The box's secrets: made once, kept in one private file, never changed.

Losing the file means losing every API key (their digests are peppered) and the way into the
database, so a backup holds it.
"""

import base64
import json
import secrets
from collections.abc import Callable

from box.errors import BoxError
from box.paths import Home, write_private

# name -> how one is made. The passwords of the servers are for the box; the rest are settings.
RECIPES: dict[str, Callable[[], str]] = {
    "TRELLIS_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "TRELLIS_KEY_PEPPER": lambda: f"1:{secrets.token_hex(32)}",
    "TRELLIS_VAULT_KEY": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "TRELLIS_CALLER_KEY": lambda: secrets.token_hex(32),
    "postgres_admin": lambda: secrets.token_hex(24),
    "postgres_owner": lambda: secrets.token_hex(24),
    "postgres_app": lambda: secrets.token_hex(24),
    "postgres_gateway": lambda: secrets.token_hex(24),
    "valkey": lambda: secrets.token_hex(24),
}


def load(home: Home) -> dict[str, str]:
    """Return the secrets, making those that are missing; what exists stays as it is."""
    home.make()
    try:
        known: dict[str, str] = json.loads(home.secrets.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = {}
    except (ValueError, OSError):
        raise BoxError(
            f"{home.secrets} cannot be read. Restore it from a backup; without it no key works."
        ) from None
    missing = {name: make() for name, make in RECIPES.items() if name not in known}
    if missing:
        known |= missing
        write_private(home.secrets, json.dumps(known, indent=2) + "\n")
    return known


def settings(known: dict[str, str]) -> dict[str, str]:
    """Return those secrets that Django reads from its environment."""
    return {name: value for name, value in known.items() if name.startswith("TRELLIS_")}
