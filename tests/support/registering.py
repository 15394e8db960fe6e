"""Registering OAuth clients as programs do (RFC 7591, RFC 7592)."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client as Browser

from apps.applications.models import Application
from apps.core import clock
from apps.oauth import registration
from tests.support import make

REGISTER = "/oauth/register"
GOOD = {"redirect_uris": ["https://shop.example/callback"], "client_name": "Back office"}
MCP = {  # what the official MCP SDK sends
    "redirect_uris": ["http://localhost:33418/callback"],
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "client_name": "Inspector",
    "client_uri": "https://inspector.example",
    "scope": "openid orders:read",
}


def initial(application: Application, **fields: Any) -> str:
    """Return the text of an initial access token of ``application``."""
    values = {"uses": 5, "expires_at": clock.real() + timedelta(days=1), **fields}
    return registration.issue_initial_token(application, actor=make.user(), **values)[1]


def send(browser: Browser, body: Any, token: str = "", *, to: str = "", by: str = "post") -> Any:
    """Send ``body`` to the registration endpoint, or to a client's own address."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    kind = "application/json"
    return browser.generic(by.upper(), to or REGISTER, text, content_type=kind, headers=headers)


def manage(browser: Browser, by: str, made: dict[str, Any], body: Any = None, **other: str) -> Any:
    """Manage the client that was ``made``, with its own token."""
    path = made["registration_client_uri"].removeprefix("http://localhost:8000")
    token = other.get("token", made["registration_access_token"])
    return send(browser, body or {}, token, to=path, by=by)
