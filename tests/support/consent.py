"""Clients, what they ask for, and browsers that answer."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.oauth import clients, consents
from apps.oauth.authorization import challenge_of
from apps.oauth.models import AccessToken, Client, Consent, RefreshToken
from apps.tenants.models import Tenant
from tests.support import make

VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-section-4.1"
CALLBACK = "https://client.example/cb"
SCOPES = "openid orders:read"


def client(of: Application | None = None, **fields: Any) -> Client:
    """Make a confidential sandbox client with one https redirect URI."""
    make.scopes("orders:read", "orders:write", "payments:write")
    fields = {"name": "Ledger", "redirect_uris": [CALLBACK], **fields}
    return clients.create(of or make.application(), actor=None, **fields)


def connect(of: Client, user: User, tenant: Tenant, *scopes: str) -> Consent:
    """Let a client act for ``user``, with tokens to do it."""
    names = list(scopes or SCOPES.split())
    given = consents.give(of, user=user, tenant=tenant, scopes=names, actor=user)
    owned = {"user": user, "application": of, "tenant": tenant, "scope": " ".join(names)}
    family, hour = uuid4(), timedelta(hours=1)
    token = f"token {given.pk}"
    AccessToken.objects.create(**owned, token=token, family=family, expires=clock.real() + hour)
    RefreshToken.objects.create(**owned, token=f"refresh {token}", token_family=family)
    return given


def query(of: Client, **changed: str | None) -> dict[str, str]:
    """Return a request in which nothing is wrong, but for what is ``changed``."""
    asked: dict[str, str | None] = {
        "client_id": of.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPES,
        "state": "xyz",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in asked.items() if value is not None}


def url(of: Client, **changed: str | None) -> str:
    """Return the address a client sends its end user to."""
    return f"{reverse('portal:authorize')}?{urlencode(query(of, **changed))}"


def ask(browser: Browser, of: Client, **changed: str | None) -> Any:
    """Open that address."""
    return browser.get(url(of, **changed))


def allow(browser: Browser, page: Any, user: User, **answers: Any) -> Any:
    """Answer a consent page: allow, with every optional scope unless ``answers`` say otherwise."""
    context = page.context
    ticked = [one.words.name for one in context["optional"]]
    form = {
        "user": user.pk,
        "tenant": context["tenants"][0].pk if context["tenants"] else "",
        "scope": ticked,
        "decision": "allow",
        **answers,
    }
    return browser.post(context["action"], form)


def said(answer: Any) -> dict[str, str]:
    """Return what a redirect tells the client."""
    assert answer.status_code in {302, 303}, answer.content.decode()[:2000]
    return dict(parse_qsl(urlsplit(answer["Location"]).query))
