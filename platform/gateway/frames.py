"""What a script call needs for one credential and cost, down to the bytes that are sent.

It is the same for every such request, so it is built once. Where the limits lie: see
``apps.plans.layout``.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from apps.plans import layout
from apps.plans.layout import Layout, Slot
from gateway.credential import Credential
from gateway.lease import Lease, Pace
from gateway.link import Script
from gateway.verdict import Slots, Verdict

if TYPE_CHECKING:
    from gateway.routes import Operation

LIFE = 20_000  # milliseconds in which a request under way that nobody speaks of is forgotten
SCRIPT = Script(layout.SCRIPT)
RETURN = Script((Path(layout.__file__).parent / "return.lua").read_text(encoding="utf-8"))
CATCH_UP = Script(layout.CATCH_UP)
# A request is still under way. What Valkey lost or forgot is written down again.
RENEW = Script("""
local t = redis.call('TIME')
local score = string.format('%.0f', t[1] * 1000000 + t[2] + ARGV[1] * 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], score, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return #ARGV - 1
""")
SCRIPTS = (SCRIPT, RETURN, CATCH_UP, RENEW)


@dataclass(slots=True, eq=False)
class Frame:
    """A prepared decision for one credential and one cost."""

    keys: list[str]
    blobs: list[bytes]
    slots: Slots
    ends: float  # when the first period or an override ends, and the frame with it
    sets: tuple[Slot, ...] = ()
    shadows: tuple[int, ...] = ()  # places of the slots that refuse nothing
    one: bytes = b""  # the calls that take one request, or none
    none: bytes = b""
    denied: Verdict | None = None
    last: list[int] = field(default_factory=list)  # left and reset of each slot, as last told
    last_at: float = 0.0
    pace: Pace = field(default_factory=Pace)
    lease: Lease | None = None
    asked: asyncio.Event | None = None  # while a lease is on its way: set when it is there

    def __post_init__(self) -> None:
        self.one, self.none = self.take(1), self.take(0)

    def take(self, count: int, token: str = "") -> bytes:
        """Return the call that takes up to ``count`` requests; ``token`` names one under way."""
        laid = Layout(self.keys, self.blobs, list(self.sets))
        keys, values = layout.arguments(laid, count, token=token, life=LIFE)
        return SCRIPT.frame(keys, *values)

    def catch_up(self, ahead: list[int]) -> bytes:
        """Return the call that tells how far each rate of each blob was used meanwhile."""
        return CATCH_UP.frame(self.keys, *self.blobs, *ahead)

    def give_back(self, lease: Lease) -> bytes:
        """Return the call that returns what is left of a lease."""
        return RETURN.frame(self.keys, *self.blobs, lease.left, lease.at)


def build(
    credential: Credential, cost: int, now: float, operation: "Operation | None" = None
) -> Frame:
    """Lay out the policies of a credential that count requests to ``operation``."""
    api, name = (operation.api, operation.name) if operation else ("", "")
    counting = [
        policy
        for policy in credential.limits_at(now)
        if not policy.selective or (operation is not None and policy.counts(api, name))
    ]
    laid = layout.lay(counting, credential.whom, cost, now)
    ends = laid.ends
    if credential.override_ends > now:
        ends = min(ends, credential.override_ends)
    shadows = tuple(at for at, slot in enumerate(laid.slots) if slot.policy.shadow)
    return Frame(laid.keys, laid.blobs, Slots(laid.slots), ends, tuple(laid.sets), shadows)


def inherit(fresh: Credential, former: Credential) -> None:
    """Let a credential that was read again keep what is known of its limits, if they are the same.

    Without Valkey nobody could tell again.
    """
    same = (fresh.whom, fresh.policies, fresh.override, fresh.override_ends)
    if same == (former.whom, former.policies, former.override, former.override_ends):
        kept = {name: one for name, one in former.prepared.items() if isinstance(one, Frame)}
        fresh.prepared.update(kept)


def frame_for(
    credential: Credential, cost: int, now: float, operation: "Operation | None" = None
) -> Frame:
    """Return the frame of a request, prepared earlier unless its time is over.

    Operations that the same policies count share theirs, and with it a lease.
    """
    if operation is None or not credential.selective:
        name: tuple[object, ...] = ("limit", cost)
    else:
        selected: dict[tuple[str, str], tuple[str, ...]] = credential.prepared.setdefault(
            "selected", {}
        )
        place = operation.api, operation.name
        counting = selected.get(place)
        if counting is None:
            counting = selected[place] = tuple(
                policy.name for policy in credential.selecting if policy.counts(*place)
            )
        name = ("limit", cost, *counting) if counting else ("limit", cost)
    frame: Frame | None = credential.prepared.get(name)
    if frame is None or frame.ends <= now:
        frame = credential.prepared[name] = build(credential, cost, now, operation)
    return frame
