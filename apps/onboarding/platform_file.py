"""What a platform file says: upstreams, APIs with their versions, and plans. Pure but for reading.

What the file leaves out stays as it is; what it names is made so. Every member is described in
``docs/reference/platform-file.md``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from apps.core import documents
from apps.core.members import Invalid, Members

T = TypeVar("T")
LIMIT: Final = 2 * 1024 * 1024  # bytes of the file itself
ABSENT: Final[Any] = object()  # what the file does not speak of
DATE: Final = r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z)?"
SLUG: Final = r"[a-z0-9][a-z0-9-]{0,49}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """An upstream. ``targets`` are weights by address."""

    slug: str
    targets: dict[str, int] = field(default_factory=dict)
    settings: Any = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the operator sets for an operation; without a member, what was set is taken back."""

    policy: Any
    cost: int | None


@dataclass(frozen=True, slots=True)
class Version:
    """A major version. ``operations`` are known by their name, or as ``GET /pets``."""

    major: int
    place: str
    document: str = ""
    upstream: str = ""
    base: str = ABSENT
    deprecated: datetime | None = ABSENT
    sunset: datetime | None = ABSENT
    guide: str = ABSENT
    operations: dict[str, Tuned] = ABSENT


@dataclass(frozen=True, slots=True)
class Api:
    """An API."""

    slug: str
    name: str = ""
    visibility: str = ABSENT
    policy: Any = ABSENT
    partners: tuple[str, ...] = ABSENT
    versions: tuple[Version, ...] = ()
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. ``limits`` becomes its newest version where they differ."""

    slug: str
    name: str
    limits: list[Any]
    default: bool = ABSENT
    public: bool = ABSENT
    summary: str = ABSENT


@dataclass(frozen=True, slots=True)
class Platform:
    """The whole file."""

    upstreams: tuple[Upstream, ...]
    apis: tuple[Api, ...]
    plans: tuple[Plan, ...]


def read(data: bytes) -> Platform:
    """Return what a file says; Invalid names the line, or the place, and what to write."""
    members = Members(documents.read(data, limit=LIMIT))
    platform = Platform(
        upstreams=_each(members, "upstreams", _upstream),
        apis=_each(members, "apis", _api),
        plans=_each(members, "plans", _plan),
    )
    members.end()
    return platform


def _each(members: Members, name: str, read_one: Callable[[str, Members], T]) -> tuple[T, ...]:
    """Return what ``read_one`` makes of each member of an object whose names are the operator's."""
    at = members.place(name)
    made = []
    for slug, raw in members.mapping(name, expected="an object of names").items():
        if not re.fullmatch(SLUG, slug):
            raise Invalid(f"{at}.{slug}: a name is small letters, digits and hyphens.")
        inner = Members(raw, f"{at}.{slug}")
        made.append(read_one(slug, inner))
        inner.end()
    return tuple(made)


def _upstream(slug: str, members: Members) -> Upstream:
    if members.flag("remove", default=False):
        return Upstream(slug, remove=True)
    settings = members.mapping("settings") if members.has("settings") else None
    return Upstream(slug, _targets(members), settings)


def _targets(members: Members) -> dict[str, int]:
    def weighted(raw: Any) -> dict[str, int] | None:
        if isinstance(raw, list) and all(isinstance(url, str) for url in raw):
            return dict.fromkeys(raw, 1)
        return raw if isinstance(raw, dict) else None

    expected = "a list of addresses, or an object of addresses and weights"
    targets = members.take("targets", None, expected, weighted)
    if not targets:
        raise Invalid(f"{members.place('targets')} must be {expected}.")
    return targets


def _api(slug: str, members: Members) -> Api:
    if members.flag("remove", default=False):
        return Api(slug, remove=True)
    has = members.has
    return Api(
        slug,
        name=members.text("name", default="", like=r"[^\r\n\0]{1,80}"),
        visibility=members.text("visibility", default=ABSENT),
        policy=members.mapping("policy") if has("policy") else ABSENT,
        partners=members.texts("partners", expected="a list of organizations' identifiers")
        if has("partners")
        else ABSENT,
        versions=_versions(members),
    )


def _versions(members: Members) -> tuple[Version, ...]:
    at = members.place("versions")
    made = []
    for number, raw in members.mapping("versions", expected="an object of major versions").items():
        if not re.fullmatch(r"[1-9]\d{0,2}", number):
            raise Invalid(f"{at}.{number}: a major version is a number such as 1.")
        inner = Members(raw, f"{at}.{number}")
        made.append(_version(int(number), inner))
        inner.end()
    return tuple(made)


def _version(major: int, members: Members) -> Version:
    return Version(
        major,
        place=members.place("")[:-1],
        document=members.text("document", default="", expected="a file or an address"),
        upstream=members.text("upstream", default="", like=SLUG, expected="an upstream's name"),
        base=members.text(
            "base", default=ABSENT, like=r"[!-~]{0,200}", expected="a path such as /api/v3, or ''"
        ),
        deprecated=_date(members, "deprecated"),
        sunset=_date(members, "sunset"),
        guide=members.text("guide", default=ABSENT, like=r"(?s).{0,100000}", expected="a text"),
        operations=_operations(members),
    )


def _date(members: Members, name: str) -> datetime | None:
    expected = "a day such as 2027-06-30, or a time such as 2027-06-30T12:00:00Z, or null"

    def moment(raw: Any) -> datetime | None:
        if not isinstance(raw, str) or not re.fullmatch(DATE, raw):
            return None
        try:
            found = datetime.fromisoformat(raw)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    if members.null(name):
        return None
    found: datetime | None = members.take(name, ABSENT, expected, moment)
    return found


def _operations(members: Members) -> dict[str, Tuned]:
    if not members.has("operations"):
        return ABSENT  # type: ignore[no-any-return]  # stands for what the file leaves out
    at = members.place("operations")
    made = {}
    for name, raw in members.mapping("operations", most=5_000).items():
        inner = Members(raw, f"{at}.{name}")
        policy = inner.mapping("policy") if inner.has("policy") else {}
        cost = inner.whole("cost", most=1_000_000) if inner.has("cost") else None
        made[name] = Tuned(policy, cost)
        inner.end()
    return made


def _plan(slug: str, members: Members) -> Plan:
    return Plan(
        slug,
        name=members.text("name", default="", like=r"[^\r\n\0]{1,80}"),
        limits=members.take(
            "limits", [], "a list of limits", lambda raw: raw if isinstance(raw, list) else None
        ),
        default=members.flag("default", default=ABSENT),
        public=members.flag("public", default=ABSENT),
        summary=members.text("summary", default=ABSENT, like=r"[^\r\n\0]{0,200}"),
    )
