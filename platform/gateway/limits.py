"""Whether a request is within every limit of its application: one script, one round trip.

Rates are GCRA, quotas calendar counters; Valkey's clock is the only one. What a script call needs
is the same for every request of a credential and cost, so its frame is built once. A denial is
remembered until its time: no request in between could be granted. Without Valkey a local mirror
decides: see ``gateway.mirror``.
"""

import math
import struct
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.plans.limits import Policy, period_of
from gateway.credential import Credential
from gateway.link import Down, Link, Refusal, Script
from gateway.mirror import Mirror

SCRIPT = Script((Path(__file__).parent / "limits.lua").read_text(encoding="utf-8"))
RATES = 3  # slots for rates in one blob; the fourth is for a quota
DENIED_FOR = 1.0  # seconds in which a denial is repeated from memory
ENDED = -1

_blob = struct.Struct("<14d").pack
_NO_RATE = (0.0, 0.0, 0.0)
_NO_QUOTA = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Slot:
    """One limit and where its state lies."""

    policy: Policy
    blob: str
    number: int  # scope * 10 + slot, as the script names it
    cost: int
    ends: float = 0.0  # of a quota's period, seconds since 1970


@dataclass(slots=True)
class Frame:
    """A prepared decision for one credential and one cost."""

    call: bytes
    look: bytes
    slots: tuple[Slot, ...]
    ends: float  # when the first period ends and the frame with it
    denied: "Verdict | None" = None
    last: list[int] = field(default_factory=list)  # left and reset of each slot, as last told
    last_at: float = 0.0


@dataclass(slots=True)
class Verdict:
    """What was decided: for each slot what is left and when (microseconds) it is whole again."""

    slots: tuple[Slot, ...]
    numbers: list[int]
    by: str  # valkey, memory or mirror
    denied: Slot | None = None
    wait: float = 0.0  # seconds
    until: float = 0.0  # monotonic time at which a denial ends

    @property
    def granted(self) -> bool:
        return self.denied is None

    @property
    def retry_after(self) -> int:
        """Whole seconds after which the same request is granted."""
        return max(1, math.ceil(self.wait))


NOTHING = Verdict((), [], "valkey")


class Limiter:
    """Decides; all state is in Valkey, or in the mirror while Valkey is away."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.mirror = Mirror()

    async def decide(self, credential: Credential, cost: int) -> Verdict:
        """Take ``cost`` from every limit of the credential, or from none."""
        if not credential.policies:
            return NOTHING
        frame = _frame(credential, cost)
        if frame.denied is not None:
            wait = frame.denied.until - time.monotonic()
            if wait > 0:
                return _again(frame.denied, wait)
            frame.denied = None
        return await self._ask(credential, frame, cost)

    async def look(self, credential: Credential) -> Verdict:
        """Tell what is left without taking anything."""
        if not credential.policies:
            return NOTHING
        frame = _frame(credential, 1)
        try:
            told = await self.link.run(frame.look)
        except (Down, Refusal):
            return Verdict(frame.slots, self.mirror.look(frame), "mirror")
        return Verdict(frame.slots, told[3:], "valkey") if told[0] != ENDED else NOTHING

    async def _ask(self, credential: Credential, frame: Frame, cost: int) -> Verdict:
        try:
            told = await self.link.run(frame.call)
            if told[0] == ENDED:
                frame = credential.prepared["limit", cost] = build(
                    credential, cost, max(time.time(), frame.ends)
                )
                told = await self.link.run(frame.call)
        except (Down, Refusal):
            return self._mirror(frame)
        if self.mirror.used:
            self.mirror.clear()
        return _verdict(frame, told)

    def _mirror(self, frame: Frame) -> Verdict:
        denied, wait, numbers = self.mirror.decide(frame)
        return Verdict(frame.slots, numbers, "mirror", denied=denied, wait=wait)


def _verdict(frame: Frame, told: list[int]) -> Verdict:
    number = told[1]
    numbers = told[3:]
    frame.last, frame.last_at = numbers, time.time()
    if not number:
        return Verdict(frame.slots, numbers, "valkey")
    denied = next(slot for slot in frame.slots if slot.number == number)
    wait = told[2] / 1e6
    verdict = Verdict(frame.slots, numbers, "valkey", denied=denied, wait=wait)
    verdict.until = time.monotonic() + wait
    if wait <= DENIED_FOR:
        frame.denied = verdict
    return verdict


def _again(denied: Verdict, wait: float) -> Verdict:
    return Verdict(denied.slots, denied.numbers, "memory", denied=denied.denied, wait=wait)


def _frame(credential: Credential, cost: int) -> Frame:
    frame: Frame | None = credential.prepared.get(("limit", cost))
    if frame is None or frame.ends <= time.time():
        frame = credential.prepared["limit", cost] = build(credential, cost, time.time())
    return frame


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
    call, look = (SCRIPT.frame(keys, *blobs, take) for take in (1, 0))
    return Frame(call, look, tuple(slots), ends)


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


def policy_header(slots: tuple[Slot, ...]) -> bytes:
    """Return the value of ``RateLimit-Policy``: draft-ietf-httpapi-ratelimit-headers-11."""
    items = [f'"{s.policy.name}";q={s.policy.limit};w={_window(s)}' for s in slots]
    return ", ".join(items).encode()


def left_header(verdict: Verdict) -> bytes:
    """Return the value of ``RateLimit``: what is left of each policy, when it is whole again."""
    numbers: Any = iter(verdict.numbers)
    items = [
        f'"{slot.policy.name}";r={max(0, left)};t={-(-reset // 1_000_000)}'
        for slot, left, reset in zip(verdict.slots, numbers, numbers, strict=True)
    ]
    return ", ".join(items).encode()


def _window(slot: Slot) -> int:
    if slot.policy.window:
        return slot.policy.window
    # A month's length is that of the month which ends then.
    period = slot.policy.period or "month"
    end = datetime.fromtimestamp(slot.ends, UTC)
    return 86_400 if period == "day" else _month_before(end)


def _month_before(end: datetime) -> int:
    begin = end.replace(year=end.year - (end.month == 1), month=(end.month - 2) % 12 + 1)
    return int((end - begin).total_seconds())
