"""A person at a browser without a screen: follows links, fills in forms, answers questions.

The one browser of all judges: whatever client sends somebody here, this is who comes.
"""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

REFRESH = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)"')
LONGEST_WAY = 15  # pages and redirects
Pair = tuple[str, str]


@dataclass
class Form:
    """A form as a browser sees it."""

    action: str = ""
    method: str = "get"
    fields: list[Pair] = field(default_factory=list)
    buttons: list[Pair] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return any(name == known for known, _ in self.fields)


@dataclass
class Visit:
    """Where the way ended, and the questions on it."""

    url: str
    pages: list[str] = field(default_factory=list)
    text: str = ""
    status: int = 0


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.open: Form | None = None
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(said.get("action", ""), said.get("method", "get").lower())
            self.found.append(self.open)
        elif self.open is None:
            return
        elif tag == "select":
            self.select = said.get("name", "")
            self.open.choices[self.select] = []
        elif tag == "option" and self.select and said.get("value"):
            self.open.choices[self.select].append(said["value"])
        else:
            self._control(self.open, tag, said)

    def _control(self, form: Form, tag: str, said: dict[str, str]) -> None:
        pair = said.get("name", ""), said.get("value", "")
        kind = said.get("type", "")
        if tag == "button" or (tag == "input" and kind == "submit"):
            form.buttons.append(pair)
        elif (
            tag == "input" and pair[0] and (kind not in {"checkbox", "radio"} or "checked" in said)
        ):
            form.fields.append(pair)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.select = ""


class Person:
    """Signs in with a password where asked, and answers what an application asks for."""

    def __init__(self, portal: str, email: str, password: str) -> None:
        self.portal, self.email, self.password = portal, email, password
        self.browser = httpx.Client(timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    def visit(self, url: str, *, allow: bool = True, tenant: str = "", leave: str = "") -> Visit:
        """Open ``url`` and go on until the way leads elsewhere, or nothing is asked any more.

        ``leave`` names a scope that is left out.
        """
        visit = Visit(url)
        answer = self.browser.get(url)
        for _ in range(LONGEST_WAY):
            onwards = _onwards(answer)
            if onwards and not self._ours(onwards):
                visit.url = onwards
                return visit
            if onwards:
                answer = self.browser.get(onwards)
                continue
            visit.url, visit.text, visit.status = str(answer.url), answer.text, answer.status_code
            kind, form = _question(answer.text)
            if form is None or visit.pages[-2:] == [kind, kind]:
                return visit
            visit.pages.append(kind)
            data = self._filled(kind, form, allow=allow, tenant=tenant, leave=leave)
            answer = self._send(urljoin(str(answer.url), form.action), data)
        raise AssertionError(f"The way from {url} does not end: {visit}")

    def _ours(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self.portal).netloc

    def _send(self, url: str, data: list[Pair]) -> httpx.Response:
        body: dict[str, list[str]] = {}
        for name, value in data:
            body.setdefault(name, []).append(value)
        return self.browser.post(url, data=body, headers={"Origin": self.portal, "Referer": url})

    def _filled(self, kind: str, form: Form, *, allow: bool, tenant: str, leave: str) -> list[Pair]:
        data = [pair for pair in form.fields if pair != ("scope", leave)]
        if kind in {"sign in", "prove"}:
            data = [pair for pair in data if pair[0] not in {"login", "username", "password"}]
            named = "username" if form.has("username") else "login"
            return [*data, (named, self.email), ("password", self.password)]
        for name, values in form.choices.items():
            data.append((name, tenant if name == "tenant" and tenant else values[0]))
        if kind == "consent":
            wanted = {"allow", "accept"} if allow else {"deny"}
            pressed = [one for one in form.buttons if wanted.intersection(one)]
            data += pressed[:1]
        return data


def _onwards(answer: httpx.Response) -> str:
    if answer.is_redirect:
        return urljoin(str(answer.url), answer.headers["Location"])
    moved = REFRESH.search(answer.text)
    return html.unescape(moved[1]) if moved else ""


def _question(page: str) -> tuple[str, Form | None]:
    """Return what the page asks, and the form to answer with."""
    forms = _Forms()
    forms.feed(page)
    for form in forms.found:
        if form.method != "post":
            continue
        pressed = {name for name, _ in form.buttons}
        if form.has("password"):
            known = form.has("login") or form.has("username")
            return ("sign in" if known else "prove"), form
        if pressed & {"decision", "allow", "action"}:
            return "consent", form
        if form.has("user_code"):
            return "device", form
    return "", None
