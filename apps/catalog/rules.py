"""How a request or an answer is rewritten on its way through the gateway. Pure.

    {"headers": {"set": {"x-region": "eu"}, "remove": ["x-internal"]},
     "query": {"set": {"source": "partner"}, "remove": ["debug"], "rename": {"q": "search"}},
     "body": {"set": {"channel": "api"}, "remove": ["secret"], "rename": {"name": "title"}}}

``body`` speaks of JSON. Its places are paths of member names with dots between them; ``*`` stands
for every item of a list: ``data.*.secret``. ``rename`` moves a value within its object. What is to
be removed goes first, then names change, then values are set.
"""

from dataclasses import dataclass
from typing import Any

from apps.core.members import Invalid, Members

# What the gateway itself decides, or what would let an upstream take one request for two.
KEPT = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
HEADER = r"[a-z0-9-]{1,64}"
MEMBER = r"[\w$@-]{1,80}"
PATH = rf"(?:{MEMBER}|\*)(?:\.(?:{MEMBER}|\*)){{0,9}}"
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """One direction's rules. Names of headers are in lower case, ready to be sent."""

    header_set: tuple[tuple[bytes, bytes], ...] = ()
    header_remove: frozenset[bytes] = frozenset()
    query_set: tuple[tuple[str, str], ...] = ()
    query_remove: frozenset[str] = frozenset()
    query_rename: tuple[tuple[str, str], ...] = ()
    body_set: tuple[tuple[Path, Any], ...] = ()
    body_remove: tuple[Path, ...] = ()
    body_rename: tuple[tuple[Path, str], ...] = ()

    @property
    def headers(self) -> bool:
        return bool(self.header_set or self.header_remove)

    @property
    def query(self) -> bool:
        return bool(self.query_set or self.query_remove or self.query_rename)

    @property
    def body(self) -> bool:
        return bool(self.body_set or self.body_remove or self.body_rename)


def parse(members: Members | None, *, query: bool) -> Rules | None:
    """Return the rules of one direction; Invalid when one makes no sense. Answers have no query."""
    if members is None:
        return None
    headers, body = members.inner("headers"), members.inner("body")
    asked = members.inner("query") if query else None
    members.end()
    return Rules(**_headers(headers), **_query(asked), **_body(body))


def path(text: str) -> Path:
    """Return a place in a body, member by member."""
    return tuple(text.split("."))


def _headers(members: Members | None) -> dict[str, Any]:
    if members is None:
        return {}
    wanted = members.mapping("set", expected="an object of header names and values")
    for name, value in wanted.items():
        check = Members({"name": name, "value": value}, members.place("set"))
        check.text("name", like=HEADER, expected=f"a header's name in lower case, not {name!r}")
        check.text("value", like=r"[\x20-\x7e]{0,1000}", expected=f"printable text for {name}")
    removed = members.texts("remove", like=HEADER, expected="a list of header names in lower case")
    members.end()
    if taken := sorted(
        name for name in {*wanted, *removed} if name in KEPT or name.startswith("trellis-")
    ):
        raise Invalid(f"{members.place(taken[0])} is the gateway's own: no rule can change it.")
    return {
        "header_set": tuple((name.encode(), value.encode()) for name, value in wanted.items()),
        "header_remove": frozenset(name.encode() for name in (*removed, *wanted)),
    }


def _query(members: Members | None) -> dict[str, Any]:
    if members is None:
        return {}
    made = {
        "query_set": _pairs(members, "set", ""),
        "query_remove": frozenset(members.texts("remove")),
        "query_rename": _pairs(members, "rename", ""),
    }
    members.end()
    return made


def _body(members: Members | None) -> dict[str, Any]:
    if members is None:
        return {}
    wanted = members.mapping("set", expected="an object of places and values")
    for place in wanted:
        Members({"place": place}, members.place("set")).text("place", like=PATH, expected=_PLACE)
    renamed = _pairs(members, "rename", PATH)
    for place, name in renamed:
        Members({place: name}, members.place("rename")).text(
            place, like=MEMBER, expected="the new name of a member, without dots"
        )
    removed = members.texts("remove", like=PATH, expected=f"a list of places, each {_PLACE}")
    members.end()
    return {
        "body_set": tuple((path(place), value) for place, value in wanted.items()),
        "body_rename": tuple((path(place), name) for place, name in renamed),
        "body_remove": tuple(map(path, removed)),
    }


_PLACE = "a path such as data.*.secret"


def _pairs(members: Members, name: str, like: str) -> tuple[tuple[str, str], ...]:
    """Return an object of texts as pairs."""
    raw = members.mapping(name, expected="an object of texts")
    for key, value in raw.items():
        check = Members({"name": key, "value": value}, members.place(name))
        check.text("name", like=like or r"[^\r\n\0]{1,200}", expected=_PLACE if like else "a name")
        check.text("value", like=r"[^\r\n\0]{0,1000}", expected=f"a text for {key}")
    return tuple(raw.items())
