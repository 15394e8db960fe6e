"""What a plan's limits may say. Pure: the gateway reads limits through this module too.

A policy is a rate (GCRA: ``limit`` cost units per ``window`` seconds, ``burst`` of them at once
when idle, else all), a quota (``limit`` units per calendar ``period`` in UTC) or a concurrency
(``limit`` requests at once)::

    {"name": "burst", "kind": "rate", "limit": 100, "window": 1, "burst": 150}
    {"name": "month", "kind": "quota", "limit": 100000, "period": "month"}
    {"name": "person", "kind": "rate", "scope": "subject", "limit": 5, "window": 1}
    {"name": "parallel", "kind": "concurrency", "limit": 20, "shadow": true}
    {"name": "exports", "kind": "quota", "limit": 10, "period": "day", "api": "commerce",
     "operations": ["exports_create"]}

``scope`` says whose requests are counted together: those of the ``application``, of a ``key`` (or
OAuth client), or of a ``subject``, the end user of an access token. With ``shadow`` a limit is
counted and reported, and refuses nothing. ``api`` and ``operations`` let it count only some.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, cast

from apps.core.members import Invalid, Members

__all__ = ["Invalid", "Period", "Policy", "Scope", "merge", "parse", "period_of"]

Scope = Literal["application", "key", "subject"]
Kind = Literal["rate", "quota", "concurrency"]
Period = Literal["day", "month"]
SCOPES: Final[tuple[Scope, ...]] = ("application", "key", "subject")
KINDS: Final[tuple[Kind, ...]] = ("rate", "quota", "concurrency")
PERIODS: Final[tuple[Period, ...]] = ("day", "month")
MOST = 10**12
MOST_AT_ONCE = 100_000
LONGEST = 366 * 86_400  # seconds
POLICIES = 20  # in one plan; each costs every request something
NAME = r"[A-Za-z_][A-Za-z0-9_]{0,31}"


@dataclass(frozen=True, slots=True)
class Policy:
    """One limit. ``window`` is seconds and only for rates, ``period`` only for quotas."""

    name: str
    kind: Kind
    scope: Scope
    limit: int
    window: int = 0
    period: Period | None = None
    burst: int = 0
    shadow: bool = False
    api: str = ""
    operations: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """Return what there is of it at most, at one time."""
        return self.burst or self.limit

    @property
    def span(self) -> float:
        """Return the seconds in which a rate that is used up is whole again."""
        return self.window * self.most / self.limit

    @property
    def selective(self) -> bool:
        """Tell whether it counts some operations only."""
        return bool(self.api or self.operations)

    def counts(self, api: str, operation: str) -> bool:
        """Tell whether it counts requests to an operation."""
        return self.api in {"", api} and (not self.operations or operation in self.operations)


def parse(raw: Any) -> tuple[Policy, ...]:
    """Return the policies of a plan version; Invalid when one makes no sense."""
    if not isinstance(raw, list):
        raise Invalid("limits must be a list of policies.")
    if len(raw) > POLICIES:
        raise Invalid(f"limits must be {POLICIES} policies at most.")
    policies = tuple(_policy(item, f"limits[{at}]") for at, item in enumerate(raw))
    names = [policy.name for policy in policies]
    if len(set(names)) < len(names):
        raise Invalid("two policies share a name.")
    return policies


def merge(base: Iterable[Policy], override: Iterable[Policy]) -> tuple[Policy, ...]:
    """Return ``base`` with those of ``override`` in place of their namesakes, others after them."""
    instead = {policy.name: policy for policy in override}
    kept = [instead.pop(policy.name, policy) for policy in base]
    return (*kept, *instead.values())


def period_of(period: Period, at: datetime) -> tuple[int, datetime]:
    """Return the number of the calendar period that ``at`` lies in, and when it ends (UTC)."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return day.toordinal(), day + timedelta(days=1)
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day.year * 12 + day.month - 1, following


def _policy(item: Any, at: str) -> Policy:
    members = Members(item, at)
    name = members.text("name", like=NAME, expected="a short identifier such as burst")
    kind = cast("Kind", members.choice("kind", KINDS))
    made = Policy(
        name,
        kind,
        cast("Scope", members.choice("scope", SCOPES, default="application")),
        members.whole("limit", least=1, most=MOST_AT_ONCE if kind == "concurrency" else MOST),
        window=members.whole("window", least=1, most=LONGEST) if kind == "rate" else 0,
        period=cast("Period", members.choice("period", PERIODS)) if kind == "quota" else None,
        burst=members.whole("burst", default=0, least=1, most=MOST) if kind == "rate" else 0,
        shadow=members.flag("shadow", default=False),
        api=members.text("api", default="", like=r"[a-z0-9-]{1,50}", expected="an API's slug"),
        operations=members.texts(
            "operations", like=r"[\w.-]{1,200}", expected="a list of operations' names"
        ),
    )
    members.end()
    return made
