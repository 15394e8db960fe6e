"""How the limits of a credential are laid out for the script: three rates and a quota in one blob.

What a script call needs is the same for every request of a credential and cost, so it is built
once, down to the bytes that are sent.
"""

import math
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from apps.plans.limits import Policy, period_of
from gateway.credential import Credential
from gateway.lease import Lease, Pace
from gateway.link import Script
from gateway.verdict import Slot, Verdict

FOLDER = Path(__file__).parent
SCRIPT = Script((FOLDER / "limits.lua").read_text(encoding="utf-8"))
RETURN = Script((FOLDER / "return.lua").read_text(encoding="utf-8"))
RATES = 3  # slots for rates in one blob; the fourth is for a quota

_blob = struct.Struct("<14d").pack
_NO_RATE = (0.0, 0.0, 0.0)
_NO_QUOTA = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True, eq=False)
class Frame:
    """A prepared decision for one credential and one cost."""

    keys: list[str]
    blobs: list[bytes]
    slots: tuple[Slot, ...]
    ends: float  # when the first period ends and the frame with it
    one: bytes = b""  # the calls that take one request, or none
    none: bytes = b""
    denied: Verdict | None = None
    last: list[int] = field(default_factory=list)  # left and reset of each slot, as last told
    last_at: float = 0.0
    pace: Pace = field(default_factory=Pace)
    lease: Lease | None = None
    asking: bool = False  # whether a lease is on its way

    def __post_init__(self) -> None:
        self.one, self.none = self.take(1), self.take(0)

    def take(self, count: int) -> bytes:
        """Return the call that takes up to ``count`` requests."""
        return SCRIPT.frame(self.keys, *self.blobs, count)

    def give_back(self, lease: Lease) -> bytes:
        """Return the call that returns what is left of a lease."""
        return RETURN.frame(self.keys, *self.blobs, lease.left, lease.at)


def build(credential: Credential, cost: int, now: float) -> Frame:
    """Lay a credential's policies out in blobs of three rates and a quota."""
    keys: list[str] = []
    blobs: list[bytes] = []
    slots: list[Slot] = []
    names = {
        "application": f"{{{credential.application}}}:la",
        "key": f"{{{credential.application}}}:lk:{credential.key}:",
    }
    for scope, name in names.items():
        policies = [policy for policy in credential.policies if policy.scope == scope]
        rates = [policy for policy in policies if policy.kind == "rate"]
        # The month first: its count must not move to another blob when a plan gains a day's quota.
        quotas = sorted((p for p in policies if p.kind == "quota"), key=lambda p: p.period == "day")
        for part in range(max(math.ceil(len(rates) / RATES), len(quotas))):
            key, number = f"{name}{part}", (len(keys) + 1) * 10
            values, laid = _lay(
                rates[part * RATES : (part + 1) * RATES], quotas[part : part + 1], cost, now
            )
            slots += [Slot(policy, key, number + at, c, e) for policy, at, c, e in laid]
            keys.append(key)
            blobs.append(_blob(*values))
    ends = min((slot.ends for slot in slots if slot.ends), default=math.inf)
    return Frame(keys, blobs, tuple(slots), ends)


def _lay(
    rates: list[Policy], quotas: list[Policy], cost: int, now: float
) -> tuple[list[float], list[tuple[Policy, int, int, float]]]:
    """Return the numbers of one blob, and which policy lies in which slot at what cost."""
    values: list[float] = []
    laid: list[tuple[Policy, int, int, float]] = []
    for at in range(RATES):
        if at < len(rates):
            policy = rates[at]
            capped = min(cost, policy.limit)  # dearer than the limit would mean never
            span = policy.window * 1e6
            values += [span / policy.limit, span, capped]
            laid.append((policy, at + 1, capped, 0.0))
        else:
            values += _NO_RATE
    if not quotas:
        return [*values, *_NO_QUOTA], laid
    quota = quotas[0]
    number, end = period_of(quota.period or "month", datetime.fromtimestamp(now, UTC))
    capped = min(cost, quota.limit)
    laid.append((quota, 4, capped, end.timestamp()))
    return [*values, quota.limit, capped, number, end.timestamp() * 1e6, 1], laid
