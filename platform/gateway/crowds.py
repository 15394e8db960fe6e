"""Requests under way that count towards a limit of how many there may be at once.

Each takes a place in a sorted set in Valkey, with the time at which it is forgotten unless its
gateway says that it is still under way. So a gateway that dies holds no place for long.
"""

import asyncio
import time
import weakref
from collections import Counter
from dataclasses import dataclass

from apps.plans.layout import Slot
from gateway import frames
from gateway.link import Down, Link, pack
from gateway.verdict import Verdict

OLD = 4.0  # seconds after which a request is spoken of


@dataclass(frozen=True, slots=True)
class Place:
    """Where one request is counted."""

    sets: tuple[str, ...]
    since: float
    verdict: "weakref.ref[Verdict]"  # Its end gives the place back, should nobody do it.


class Crowds:
    """The requests under way in this process that are counted."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.places: dict[str, Place] = {}
        self.many: Counter[str] = Counter()  # of each set, in this process

    def hold(self, token: str, sets: tuple[Slot, ...], verdict: Verdict) -> str:
        """Note that a request took its places, but where only a shadow was full."""
        taken = tuple(slot.blob for slot in sets if slot.policy.name not in verdict.missed)
        told = weakref.ref(verdict, lambda _: self.release(token))
        self.places[token] = Place(taken, time.monotonic(), told)
        self.many.update(taken)
        return token

    def release(self, token: str) -> None:
        """Give back the places of a request, without waiting; Valkey forgets them by itself too."""
        place = self.places.pop(token, None)
        if place is None:
            return
        for key in place.sets:
            self.many[key] -= 1
            if not self.many[key]:
                del self.many[key]
            self._send(pack("ZREM", key, token))

    def renew(self) -> None:
        """Tell Valkey what is still under way."""
        before = time.monotonic() - OLD
        spoken_of: dict[str, list[str]] = {}
        for token, place in self.places.items():
            if place.since < before:
                for key in place.sets:
                    spoken_of.setdefault(key, []).append(token)
        for key, tokens in spoken_of.items():
            self._send(frames.RENEW.frame([key], frames.LIFE, *tokens))

    def _send(self, frame: bytes) -> None:
        try:
            self.link.ask(frame).add_done_callback(_ignore)
        except Down:
            return


def _ignore(future: "asyncio.Future[int]") -> None:
    if not future.cancelled():
        future.exception()
