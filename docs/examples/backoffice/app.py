"""A back office for merchants: they sign in, agree, see their orders and take payments.

    python app.py --settings backoffice.json --port 8090

The file of settings says who this program is: {"issuer", "api", "client_id", "client_secret",
"home"}. Only the standard library is used here, and jwcrypto to check signatures.
"""

import argparse
import json
import secrets
from html import escape
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openid import Problem, Provider, Session

HERE = Path(__file__).parent
COOKIE = "backoffice"
ORDERS = "/commerce/v1/orders?limit=10"
PAYMENTS = "/commerce/v1/payments"
LARGEST_FORM = 10_000
MOST_SESSIONS = 1_000
METHODS = ("pm_ok", "pm_slow", "pm_declined", "pm_insufficient_funds")  # of a sandbox
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Page(BaseHTTPRequestHandler):
    """One request of one browser."""

    settings: Path
    sessions: dict[str, Session] = {}
    session: Session
    form: dict[str, str]
    name = ""

    def do_GET(self) -> None:
        """Show pages, and send the browser to sign in."""
        if self.path == "/healthz":
            self._send("ok", "text/plain")
        elif self.path == "/style.css":
            self._send((HERE / "style.css").read_text(), "text/css")
        else:
            self._answer(
                {
                    "/": self._home,
                    "/sign-in": lambda: self._redirect(self._provider().sign_in(self.session)),
                    "/callback": self._come_back,
                    "/goodbye": lambda: self._page("goodbye"),
                }
            )

    def do_POST(self) -> None:
        """Do what a form of ours asks for; another site cannot know the form's token."""
        length = min(int(self.headers.get("Content-Length") or 0), LARGEST_FORM)
        sent = parse_qs(self.rfile.read(length).decode(errors="replace"))
        self.form = {name: values[0] for name, values in sent.items()}
        self._answer({"/pay": self._pay, "/sign-out": self._sign_out})

    def _answer(self, pages: dict[str, Any]) -> None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        self.name = cookie.value if cookie else ""
        if self.name not in self.sessions:
            self._begin_session()
        self.session = self.sessions[self.name]
        try:
            genuine = self.command == "GET" or secrets.compare_digest(
                self.form.get("form_token", ""), self.session.form_token
            )
            page = pages.get(urlsplit(self.path).path)
            if page is None or not genuine:
                self._page("missing", status=404)
            else:
                page()
        except Problem as problem:
            self.session.problem = problem
            self._redirect("/")

    def _home(self) -> None:
        problem, self.session.problem = self.session.problem, None
        notice, self.session.notice = self.session.notice, ""
        shown = {"notice": _part("notice", {"text": notice}) if notice else ""}
        if not self.session.tokens:
            self._page("welcome", shown | {"problem": _problem(problem)})
            return
        orders, payments = "", ""
        try:
            owed = self._list(f"{ORDERS}&status=open")
            latest = [order for order in self._list(ORDERS) if order["status"] != "open"]
            orders = "".join(self._order(order) for order in owed + latest)
            found = self._list(f"{PAYMENTS}?limit=5")
            payments = "".join(_part("payment", one | _money(one)) for one in found)
        except Problem as refused:
            problem = refused
        shown |= {"orders": orders, "payments": payments, "problem": _problem(problem)}
        shown["person"] = escape(self.session.person.get("name") or self.session.person["sub"])
        self._page("orders", shown | {"form_token": self.session.form_token})

    def _list(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._provider().call(self.session, "GET", path)["data"]
        return found

    def _order(self, order: dict[str, Any]) -> str:
        pay = ""
        if order["status"] == "open":
            options = "".join(f"<option>{method}</option>" for method in METHODS)
            token = self.session.form_token
            pay = _part("pay", {"id": order["id"], "form_token": token}, options=options)
        return _part("order", order | _money(order, "total"), pay=pay)

    def _come_back(self) -> None:
        self._provider().come_back(self.session, urlsplit(self.path).query)
        # Whoever knew the name of the session before sign-in does not share it after.
        self.sessions.pop(self.name)
        signed_in, self.session = self.session, self._begin_session()
        vars(self.session).update(vars(signed_in) | {"form_token": self.session.form_token})
        self._redirect("/")

    def _pay(self) -> None:
        order, method = self.form.get("order", ""), self.form.get("payment_method", "")
        body = {"order": order, "payment_method": method}
        payment = self._provider().call(self.session, "POST", PAYMENTS, body)
        self.session.notice = f"Payment {payment['id']} of order {order} is {payment['status']}."
        if payment["status"] == "processing":
            self.session.notice += " Load the page again to see how it ended."
        self._redirect("/")

    def _sign_out(self) -> None:
        there = self._provider().sign_out(self.session)
        self.sessions.pop(self.name)
        self._redirect(there)

    def _begin_session(self) -> Session:
        while len(self.sessions) >= MOST_SESSIONS:
            self.sessions.pop(next(iter(self.sessions)))
        self.name = secrets.token_urlsafe()
        return self.sessions.setdefault(self.name, Session())

    def _provider(self) -> Provider:
        try:
            return Provider(**json.loads(self.settings.read_text(encoding="utf-8")))
        except FileNotFoundError:
            unset = {"code": "no_settings", "detail": f"{self.settings} does not exist yet."}
            raise Problem(503, unset) from None

    def _page(self, name: str, parts: dict[str, str] | None = None, *, status: int = 200) -> None:
        body = Template((HERE / f"templates/{name}.html").read_text()).substitute(parts or {})
        page = Template((HERE / "templates/page.html").read_text()).substitute(body=body)
        self._send(page, "text/html", status=status)

    def _redirect(self, url: str) -> None:
        self._send("", "text/plain", status=303, Location=url)

    def _send(self, text: str, kind: str, *, status: int = 200, **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        told = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        if self.name:
            told["Set-Cookie"] = f"{COOKIE}={self.name}; HttpOnly; SameSite=Lax; Path=/"
        for name, value in (HEADERS | told | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Stay quiet: addresses hold codes."""


def _part(name: str, values: dict[str, Any], **html: str) -> str:
    """Fill in a part of a page; every value is escaped, but for ``html``."""
    safe = {key: escape(str(value)) for key, value in values.items()}
    template = Template((HERE / f"templates/_{name}.html").read_text())
    return template.substitute(safe | html)


def _money(row: dict[str, Any], member: str = "amount") -> dict[str, str]:
    return {"price": f"{row[member] / 100:,.2f} {row['currency'].upper()}"}


def _problem(problem: Problem | None) -> str:
    if problem is None:
        return ""
    where = problem.document.get("instance")
    why = _part("why", {"address": where}) if where else ""
    return _part("problem", {"code": problem.code, "detail": problem.detail}, why=why)


def main() -> None:
    """Serve on this machine until stopped."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--settings", type=Path, required=True)
    options.add_argument("--port", type=int, default=8090)
    asked = options.parse_args()
    Page.settings = asked.settings
    ThreadingHTTPServer(("127.0.0.1", asked.port), Page).serve_forever()


if __name__ == "__main__":
    main()
