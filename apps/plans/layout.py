"""Where the state of limits lies in Valkey, and what ``limits.lua`` is told of them.

Pure: gateways decide by it, the portal looks with it. Rates and quotas lie in blobs, three rates
and a quota in each; policies that count the same requests share them. A concurrency is a sorted set
of its own. Everything of an application has the tag ``{app_…}``.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2s
from itertools import groupby
from pathlib import Path

from apps.plans.limits import Policy, Scope, period_of

SCRIPT = (Path(__file__).parent / "limits.lua").read_text(encoding="utf-8")
CATCH_UP = (Path(__file__).parent / "catch_up.lua").read_text(encoding="utf-8")
WHOLE = "trl:limits:whole"  # stands while Valkey counted all; without it quotas are told anew
RATES = 3  # slots for rates in one blob; the fourth is for a quota
LETTERS: dict[Scope, str] = {"application": "a", "key": "k", "subject": "u"}

Taken = str | bytes | int
_blob = struct.Struct("<14d").pack
_NO_RATE = (0.0, 0.0, 0.0)
_NO_QUOTA = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is counted: the application, its key or client, and the end user if there is one."""

    application: str
    key: str = ""
    subject: str = ""

    def prefix(self, scope: Scope) -> str:
        """Return how the names of a scope's blobs begin; empty where nobody is counted."""
        if scope == "application":
            return f"{{{self.application}}}:la"
        who = self.key if scope == "key" else self.subject
        return f"{{{self.application}}}:l{LETTERS[scope]}:{who}:" if who else ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One limit and where its state lies."""

    policy: Policy
    blob: str
    number: int  # place of the key * 10 + slot, as the script names it
    cost: int
    ends: float = 0.0  # of a quota's period, seconds since 1970

    @property
    def spends(self) -> float:
        """Return the microseconds of a rate that one request takes; a quota takes none."""
        return self.cost * self.policy.window * 1e6 / self.policy.limit


@dataclass(slots=True)
class Layout:
    """What the script is told: blobs, then sets; ``slots`` in the order of its answer."""

    keys: list[str] = field(default_factory=list)
    blobs: list[bytes] = field(default_factory=list)
    sets: list[Slot] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    @property
    def ends(self) -> float:
        """Return when the first period ends, and the layout with it."""
        return min((slot.ends for slot in self.slots if slot.ends), default=math.inf)


def lay(policies: Iterable[Policy], whom: Whom, cost: int, now: float) -> Layout:
    """Lay out all of ``policies`` that count somebody."""
    made = Layout()
    known = [policy for policy in policies if whom.prefix(policy.scope)]
    for name, group in groupby(sorted(known, key=_selection), key=_selection):
        same = list(group)
        for scope in LETTERS:
            own = [policy for policy in same if policy.scope == scope]
            _lay(made, own, f"{whom.prefix(scope)}{name}", cost, now)
    crowds = [policy for policy in known if policy.kind == "concurrency"]
    for place, policy in enumerate(crowds, len(made.keys) + 1):
        key = f"{whom.prefix(policy.scope)}@{policy.name}"
        made.sets.append(Slot(policy, key, place * 10, 1))
    made.slots += made.sets
    return made


def arguments(
    layout: Layout, count: int, *, token: str = "", life: int = 0
) -> tuple[list[str], list[Taken]]:
    """Return keys and arguments of ``limits.lua``; ``token`` holds the places, ``life`` in ms."""
    told: list[Taken] = [*layout.blobs]
    for slot in layout.sets:
        limit = slot.policy.limit
        told += [-limit if slot.policy.shadow else limit, token, life]
    return [*layout.keys, *(slot.blob for slot in layout.sets)], [*told, count]


def _selection(policy: Policy) -> str:
    """Return what tells policies apart that count other requests; empty for those that count all.

    Their states share no blob: a request that is not counted must not touch what is.
    """
    if not policy.selective:
        return ""
    text = " ".join((policy.api, *sorted(policy.operations)))
    return f"{blake2s(text.encode(), digest_size=6).hexdigest()}."


def _lay(made: Layout, policies: list[Policy], name: str, cost: int, now: float) -> None:
    rates = [policy for policy in policies if policy.kind == "rate"]
    # The month first: its count must not move to another blob when a plan gains a day's quota.
    quotas = sorted((p for p in policies if p.kind == "quota"), key=lambda p: p.period == "day")
    for part in range(max(math.ceil(len(rates) / RATES), len(quotas))):
        key, number = f"{name}{part}", (len(made.keys) + 1) * 10
        values: list[float] = []
        for at, policy in enumerate(rates[part * RATES : (part + 1) * RATES], 1):
            capped = min(cost, policy.most)  # dearer than the limit would mean never
            signed = -capped if policy.shadow else capped
            values += [policy.window * 1e6 / policy.limit, policy.span * 1e6, signed]
            made.slots.append(Slot(policy, key, number + at, capped))
        values += _NO_RATE * (RATES - len(values) // 3)
        for policy in quotas[part : part + 1]:
            period, end = period_of(policy.period or "month", datetime.fromtimestamp(now, UTC))
            capped, ends = min(cost, policy.limit), end.timestamp()
            values += [policy.limit, capped, period, ends * 1e6, -1 if policy.shadow else 1]
            made.slots.append(Slot(policy, key, number + 4, capped, ends))
        made.keys.append(key)
        made.blobs.append(_blob(*values, *_NO_QUOTA[: 14 - len(values)]))
