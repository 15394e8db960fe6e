"""A client that wants to hear of sign-outs, and what it is told."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode

from django.contrib.auth import SESSION_KEY
from django.test import Client as Browser

from apps.accounts.models import User
from apps.core import clock
from apps.oauth import claims, sessions
from apps.oauth.models import Client, SignIn

BACK = "https://shop.example/bye"
LOGOUT = "/oauth/logout"


class Relying(HTTPServer):
    """A client's server: keeps what it is told, answers what the test wants."""

    told: list[dict[str, str]]
    status: int


class Handler(BaseHTTPRequestHandler):
    server: Relying

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.told.append({name: value for name, [value] in parse_qs(body).items()})
        self.send_response(self.server.status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def signed_in(browser: Browser, person: User, app: Client, sid: str = "s1") -> str:
    """Let ``app`` know of the browser's session, and return the ID token that it got."""
    SignIn.objects.create(sid=sid, user=person)
    session = browser.session
    session[sessions.NAME] = sid
    session.save()
    return claims.id_token(client=app, user=person, scopes=["openid"], sid=sid, now=clock.real())


def is_signed_in(browser: Browser) -> bool:
    """Tell whether the browser has a session."""
    return SESSION_KEY in browser.session


def asking(**parameters: str) -> str:
    """Return the address of a logout with ``parameters``."""
    return f"{LOGOUT}?{urlencode(parameters)}"
