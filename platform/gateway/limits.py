"""Whether a request is within every limit of its application: one script, one round trip.

Rates are GCRA, quotas calendar counters, concurrency leased places; Valkey's clock is the only one.
A credential that calls often leases a few requests at once, all of which are taken there and then:
see ``gateway.lease``. A denial is remembered until its time: no request in between could be
granted. Without Valkey a local mirror decides: see ``gateway.mirror``.
"""

import asyncio
import time
from typing import TYPE_CHECKING

from apps.plans.layout import WHOLE
from gateway.credential import Credential
from gateway.crowds import Crowds
from gateway.frames import Frame, frame_for
from gateway.lease import LIFE, Lease
from gateway.link import Down, Link, Refusal, pack
from gateway.mirror import Mirror
from gateway.verdict import NOTHING, Verdict

if TYPE_CHECKING:
    from gateway.routes import Operation

DENIED_FOR = 1.0  # seconds in which a denial is repeated from memory
AGAIN = 1.0  # seconds after which a place may be free again
MOST = 1000  # requests in one lease
ENDED = -1
HEAD = 4  # numbers of an answer before those of the slots


class Limiter:
    """Decides; all state is in Valkey, or in the mirror while Valkey is away."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.crowds = Crowds(link)
        self.mirror = Mirror(self.crowds)
        self.leased: dict[Lease, Frame] = {}

    async def decide(
        self,
        credential: Credential,
        cost: int,
        operation: "Operation | None" = None,
        token: str = "",
    ) -> Verdict:
        """Take ``cost`` from every limit of the credential, or from none.

        ``token`` names the request while it is under way: ``release`` tells that it is over.
        """
        frame = frame_for(credential, cost, time.time(), operation)
        if not frame.slots:
            return NOTHING
        frame.pace.step(time.monotonic())
        if frame.asked is not None and frame.lease is None and not frame.sets:
            await frame.asked.wait()  # A lease is on its way, large enough for all who call now.
        if frame.lease is not None:
            return self._use(frame.lease, frame)
        if frame.denied is not None:
            wait = frame.denied.until - time.monotonic()
            if wait > 0:
                return _again(frame.denied, wait)
            frame.denied = None
        verdict = await self._ask(credential, frame, cost, operation, token)
        if frame.sets and verdict.granted:
            verdict.held = self.crowds.hold(token, frame.sets, verdict)
        return verdict

    async def look(self, credential: Credential, operation: "Operation | None" = None) -> Verdict:
        """Tell what is left without taking anything."""
        frame = frame_for(credential, 1, time.time(), operation)
        if not frame.slots:
            return NOTHING
        if frame.lease is not None:
            return Verdict(frame.slots, frame.lease.told(), "lease")
        try:
            told = await self.link.run(frame.none)
        except (Down, Refusal):
            return Verdict(frame.slots, self.mirror.look(frame), "mirror")
        if told[0] == ENDED:
            return NOTHING
        _missed(frame, told)
        return Verdict(frame.slots, told[HEAD:], "valkey")

    def release(self, verdict: Verdict) -> None:
        """Give back the places of a request that is over."""
        held, verdict.held = verdict.held, ""
        if held:
            self.crowds.release(held)

    async def stop(self) -> None:
        """Return every lease."""
        sent = [self._give_back(lease) for lease in list(self.leased)]
        await asyncio.gather(*[future for future in sent if future], return_exceptions=True)

    async def _ask(
        self,
        credential: Credential,
        frame: Frame,
        cost: int,
        operation: "Operation | None",
        token: str,
    ) -> Verdict:
        # While one request asks for a lease, those that have waited for one ask for themselves.
        alone = frame.asked is not None or bool(frame.sets)  # Each under way takes its own place.
        want = 1 if alone else min(frame.pace.lately, MOST)
        if want > 1:
            frame.asked = asyncio.Event()
        try:
            if self.mirror.used:
                await self._catch_up(frame)
            told = await self.link.run(_call(frame, want, token))
            if told[0] == ENDED:
                over = min(slot.ends for slot in frame.slots if slot.ends)
                frame.ends = 0.0
                frame = frame_for(credential, cost, max(time.time(), over), operation)
                told = await self.link.run(_call(frame, 1, token))
        except (Down, Refusal):
            return self._mirror(frame)
        finally:
            if want > 1 and frame.asked is not None:
                frame.asked.set()
                frame.asked = None
        missed = _missed(frame, told) if frame.shadows else ()
        if told[0] > 1:
            return self._begin(frame, told)
        if frame.lease is not None and told[3] >= frame.lease.at:
            return self._beside(frame.lease, frame, told, missed)
        return _verdict(frame, told, missed)

    async def _catch_up(self, frame: Frame) -> None:
        """Tell Valkey what was admitted without it, before it decides of a frame again."""
        if self.mirror.quotas:  # Usage tells exactly how much of them, within seconds.
            await self.link.ask(pack("DEL", WHOLE))
            self.mirror.quotas.clear()
        if ahead := self.mirror.ahead(frame):
            await self.link.run(frame.catch_up(ahead))
        self.mirror.forget(frame)

    def _begin(self, frame: Frame, told: list[int]) -> Verdict:
        """Hold a lease, and use the first of it."""
        frame.last, frame.last_at = told[HEAD:], time.time()
        frame.lease = lease = Lease(frame.slots, told[HEAD:], told[0], told[3])
        self.leased[lease] = frame
        lease.timer = asyncio.get_running_loop().call_later(LIFE, self._give_back, lease)
        return Verdict(frame.slots, lease.take(), "valkey")

    def _beside(
        self, lease: Lease, frame: Frame, told: list[int], missed: tuple[str, ...]
    ) -> Verdict:
        """Decide what was asked while the lease was on its way: what it holds counts as left."""
        lease.hear(told[HEAD:])
        if told[1]:  # The rest is in our own hands.
            return self._use(lease, frame)
        return Verdict(frame.slots, lease.told(), "valkey", missed=missed)

    def _use(self, lease: Lease, frame: Frame) -> Verdict:
        numbers = lease.take()
        if not lease.left:
            self._end(lease, frame)
        return Verdict(frame.slots, numbers, "lease")

    def _end(self, lease: Lease, frame: Frame) -> None:
        del self.leased[lease]
        frame.lease = None

    def _give_back(self, lease: Lease) -> "asyncio.Future[int] | None":
        """Return what is left of a lease; without Valkey it stays taken."""
        frame = self.leased[lease]
        self._end(lease, frame)
        if lease.timer is not None:
            lease.timer.cancel()
        try:
            sent = self.link.ask(frame.give_back(lease))
        except Down:
            return None
        sent.add_done_callback(_ignore)
        return sent

    def _mirror(self, frame: Frame) -> Verdict:
        denied, wait, numbers, missed = self.mirror.decide(frame)
        return Verdict(frame.slots, numbers, "mirror", denied=denied, wait=wait, missed=missed)


def _call(frame: Frame, want: int, token: str) -> bytes:
    if frame.sets:
        return frame.take(1, token)
    return frame.one if want == 1 else frame.take(want)


def _missed(frame: Frame, told: list[int]) -> tuple[str, ...]:
    """Return which shadows would have refused, and put their numbers right."""
    names = []
    for at in frame.shadows:
        left = told[HEAD + 2 * at]
        if left < 0:
            told[HEAD + 2 * at] = -1 - left
            names.append(frame.slots[at].policy.name)
    return tuple(names)


def _verdict(frame: Frame, told: list[int], missed: tuple[str, ...]) -> Verdict:
    number = told[1]
    numbers = told[HEAD:]
    frame.last, frame.last_at = numbers, time.time()
    if not number:
        return Verdict(frame.slots, numbers, "valkey", missed=missed)
    denied = next(slot for slot in frame.slots if slot.number == number)
    crowded = denied.policy.kind == "concurrency"
    wait = AGAIN if crowded else told[2] / 1e6
    verdict = Verdict(frame.slots, numbers, "valkey", denied=denied, wait=wait, missed=missed)
    verdict.until = time.monotonic() + wait
    if wait <= DENIED_FOR and not crowded:  # A place may be free at any moment.
        frame.denied = verdict
    return verdict


def _again(denied: Verdict, wait: float) -> Verdict:
    return Verdict(denied.slots, denied.numbers, "memory", denied=denied.denied, wait=wait)


def _ignore(future: "asyncio.Future[int]") -> None:
    if not future.cancelled():
        future.exception()
