"""Every error of the authorization server has a place in the guide, where ``error_uri`` leads."""

import ast
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from oauthlib.oauth2.rfc6749 import errors as oauthlib_errors
from oauthlib.oauth2.rfc8628 import errors as device_errors

from apps.oauth import errors

SOURCES = sorted((settings.ROOT / "apps/oauth").rglob("*.py"))
GUIDE = (settings.DOCS / "guides/oauth-errors.md").read_text()


def raised() -> set[str]:
    """Return the errors that the endpoints' code raises, by their standard names."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for module in (errors, device_errors, oauthlib_errors):
                    kind: Any = getattr(module, node.func.id, None)
                    if isinstance(kind, type) and issubclass(kind, oauthlib_errors.OAuth2Error):
                        found.add(str(vars(kind)["error"]))
                        break
    return found


def named() -> set[str]:
    """Return the errors that the code names itself: ``error="…"`` in a call or as a default."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            words: list[tuple[str | None, ast.expr | None]] = []
            if isinstance(node, ast.Call):
                words = [(word.arg, word.value) for word in node.keywords]
            elif isinstance(node, ast.arguments):
                names = [word.arg for word in node.kwonlyargs]
                words = list(zip(names, node.kw_defaults, strict=True))
            for name, value in words:
                if name == "error" and isinstance(value, ast.Constant) and value.value:
                    found.add(str(value.value))
    return found


def test_each_has_a_section() -> None:
    explained = set(re.findall(r"^## `(\w+)`$", GUIDE, re.MULTILINE))
    assert {"invalid_token", "invalid_client_metadata", "invalid_redirect_uri"} <= named()
    assert named() | {"login_required", "consent_required"} <= explained
    assert len(raised()) > 10
    assert raised() <= explained
    assert set(errors.SAID) <= explained


@pytest.mark.django_db
def test_the_address_leads_to_it() -> None:
    page, _, anchor = errors.described("invalid_grant", "")["error_uri"].partition("#")
    html = Browser().get(page.removeprefix(settings.PORTAL_URL)).content.decode()
    assert f'id="{anchor}"' in html


def test_a_description_holds_what_the_standard_lets_it() -> None:
    said = errors.described("invalid_request", 'A "quote", a \\ and an é\n')["error_description"]
    assert said == "A 'quote', a ? and an ??"
