"""What a page offers its reader: links, buttons of htmx, and forms with every choice in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import zip_longest
from urllib.parse import urljoin, urlsplit

Said = dict[str, str]
Data = dict[str, list[str]]
# Selects that no role is asked about: their choices are sent side by side, not one at a time.
SETTINGS = frozenset(
    {"authentication", "id_token_algorithm", "life", "overlap", "silent_hours", "token_format"}
)
TICKET = "csrfmiddlewaretoken"  # another one on every page
FILLED = {"email": "somebody@example.org", "number": "1", "url": "https://client.example"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that the reader may do on a page."""

    method: str
    address: str
    data: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass
class _Form:
    method: str
    action: str
    begins: Data = field(default_factory=dict)
    others: list[tuple[str, str]] = field(default_factory=list)
    boxes: Data = field(default_factory=dict)  # every box of a name, to be ticked at once
    first: Said = field(default_factory=dict)  # what a select begins with where nothing is chosen

    def ways(self) -> Iterator[Data]:
        """Yield what is sent as the form begins, then for each other choice and button."""
        begins = {name: [value] for name, value in self.first.items()} | self.begins
        yield begins
        settings: Data = {}
        for name, value in self.others:
            if name in SETTINGS:
                settings.setdefault(name, []).append(value)
            else:
                yield begins | {name: [value]}
        for together in zip_longest(*settings.values()):
            chosen = zip(settings, together, strict=True)
            yield begins | {name: [value] for name, value in chosen if value is not None}
        if self.boxes:
            yield begins | self.boxes


class _Page(HTMLParser):
    """Collects what is offered."""

    def __init__(self, own: str) -> None:
        super().__init__()
        self.own = own
        self.asked: list[tuple[str, str]] = []
        self.forms: list[_Form] = []
        self.form: _Form | None = None
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        for name, method in (("href", "get"), ("hx-get", "get"), ("hx-post", "post")):
            if name in said and tag != "link":
                self.asked.append((method, said[name]))
        if tag == "form":
            method = said.get("method", "get").lower()
            self.form = _Form(method, said.get("action") or self.own)
            self.forms.append(self.form)
        elif "formaction" in said:
            self.asked.append(("post", said["formaction"]))
        elif self.form is not None:
            self._control(self.form, tag, said)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None

    def _control(self, form: _Form, tag: str, said: Said) -> None:
        name, value, kind = said.get("name", ""), said.get("value", ""), said.get("type", "")
        if tag == "select":
            self.select = name
        elif tag == "option":
            form.first.setdefault(self.select, value)
            self._choice(form, self.select, value, begins="selected" in said)
        elif not name:
            return
        elif tag == "button" or kind == "submit":
            form.others.append((name, value))
        elif kind == "radio":
            self._choice(form, name, value, begins="checked" in said)
        elif kind == "checkbox":
            form.boxes.setdefault(name, []).append(value or "on")
            if "checked" in said:
                form.begins.setdefault(name, []).append(value or "on")
        elif kind != "file" and name != TICKET:
            wanted = FILLED.get(kind, "Something") if "required" in said else ""
            form.begins.setdefault(name, []).append(value or wanted)

    @staticmethod
    def _choice(form: _Form, name: str, value: str, *, begins: bool) -> None:
        if begins:
            form.begins.setdefault(name, []).append(value)
        else:
            form.others.append((name, value))


def of(page: str, own: str) -> Iterator[Offer]:
    """Yield all that the page at the address ``own`` offers, as a browser would send it."""
    found = _Page(own)
    found.feed(page)
    for method, address in found.asked:
        yield from _offer(method, urljoin(own, address), {})
    for form in found.forms:
        for data in form.ways():
            yield from _offer(form.method, urljoin(own, form.action), data)


def _offer(method: str, address: str, data: Data) -> Iterator[Offer]:
    parts = urlsplit(address)
    if not parts.netloc and parts.path.startswith("/"):
        there = f"{parts.path}?{parts.query}" if parts.query else parts.path
        yield Offer(method, there, tuple((name, tuple(values)) for name, values in data.items()))
