"""The services behind the gateway: which target gets a request, and when a service gets none."""

import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager

from apps.catalog import upstreams as described
from apps.catalog.upstreams import Settings
from apps.core.members import Invalid
from gateway.breaker import Breaker
from gateway.health import Target, Watch
from gateway.pool import Pool
from gateway.problems import UpstreamCrowded, UpstreamDown, UpstreamResting
from gateway.reply import Failed, Reply
from gateway.store import UpstreamRow

# This project's own backends: they are watched by the box, and wait for nobody's bulkhead.
NATIVE = described.parse({"concurrency": 4096, "breaker": {"pause": 1, "requests": 100}})
FAILING = frozenset({502, 503, 504})
BACK_OFF = 0.025  # seconds before the first further try
log = logging.getLogger(__name__)


class Upstream:
    """One service."""

    def __init__(self, name: str, settings: Settings, targets: Iterable[tuple[str, int]]) -> None:
        self.name = name
        self.settings = settings
        self.targets = [
            Target(Pool(url, connect=settings.connect), weight) for url, weight in targets if weight
        ]
        self.breaker = Breaker(settings.breaker)
        self._loop = asyncio.get_running_loop()
        self._watch = Watch(name, settings.health, self.targets) if settings.health else None

    async def send(
        self,
        head: Callable[[Pool], bytes],
        body: AsyncIterator[bytes] | None,
        *,
        repeatable: bool,
        seconds: float,
        retries: int,
    ) -> Reply:
        """Send a request to one target and return its answer once it has begun.

        ``head`` makes the request's head for a target. When a target cannot be reached it is tried
        again, elsewhere if there is an elsewhere. Raises Failed when there is no answer, a Problem
        when the service is not asked at all.
        """
        self._admit()
        deadline, tries = self._loop.time() + seconds, 0
        while True:
            target, left = self._choose(), deadline - self._loop.time()
            try:
                reply = await target.pool.send(
                    head(target.pool), body, repeatable=repeatable, seconds=left
                )
            except Failed as failure:
                self.breaker.note(self._loop.time(), good=False)
                tries += 1
                if tries > retries or not failure.unreached:
                    raise
                if not await self._pause(tries, deadline):
                    raise
            else:
                self.breaker.note(self._loop.time(), good=reply.status not in FAILING)
                return reply

    @contextmanager
    def hold(self) -> Iterator[Pool]:
        """Choose a target for something that lasts, and count it as long as it does."""
        self._admit()
        pool = self._choose().pool
        pool.held += 1
        try:
            yield pool
        finally:
            pool.held -= 1

    def note(self, *, good: bool) -> None:
        """Count how an attempt ended that was not made here."""
        self.breaker.note(self._loop.time(), good=good)

    def stop(self) -> None:
        """Close what is idle; what is under way ends by itself."""
        if self._watch:
            self._watch.stop()
        for target in self.targets:
            target.pool.stop()

    def _admit(self) -> None:
        if wait := self.breaker.wait(self._loop.time()):
            raise UpstreamResting(
                "The service behind the API failed too often just now, and is given a rest.",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        flying = 0
        for target in self.targets:
            flying += target.pool.flying
        if flying >= self.settings.concurrency:
            raise UpstreamCrowded(
                f"The service behind the API has {flying} requests to answer already.",
                headers={"Retry-After": "1"},
            )

    async def _pause(self, tries: int, deadline: float) -> bool:
        """Wait before a further try; tell whether there is time for one."""
        pause = BACK_OFF * 2**tries * random.uniform(0.5, 1)
        if self._loop.time() + pause >= deadline:
            return False
        await asyncio.sleep(pause)
        return True

    def _choose(self) -> Target:
        """Return the target whose turn it is (smooth weighted round robin, as nginx has it)."""
        if len(self.targets) == 1 and self.targets[0].up:
            return self.targets[0]
        standing = [target for target in self.targets if target.up]
        if not standing:
            raise UpstreamDown(
                "No target of the service behind the API is well.", headers={"Retry-After": "5"}
            )
        for target in standing:
            target.turn += target.weight
        chosen = max(standing, key=lambda target: target.turn)
        chosen.turn -= sum(target.weight for target in standing)
        return chosen


class Upstreams:
    """All services, by name; the empty name is this project's own web process."""

    def __init__(self, web: str) -> None:
        self._known: dict[str, Upstream] = {"": Upstream("", NATIVE, [(web, 1)])}
        self._rows: dict[str, UpstreamRow] = {}

    def __getitem__(self, name: str) -> Upstream:
        """Return a service; UpstreamDown when the catalog describes it in a way that cannot be."""
        try:
            return self._known[name]
        except KeyError:
            raise UpstreamDown(f"The upstream {name} is not described properly.") from None

    def add(self, rows: Iterable[UpstreamRow]) -> None:
        """Make services known that are new or changed; the others keep their connections."""
        for row in rows:
            if self._rows.get(row.name) == row:
                continue
            try:
                settings = described.parse(row.settings)
            except Invalid:
                log.exception("The settings of the upstream %s make no sense.", row.name)
                continue
            former = self._known.get(row.name)
            self._known[row.name] = Upstream(row.name, settings, row.targets)
            self._rows[row.name] = row
            if former:
                former.stop()

    def drop(self, rows: Iterable[UpstreamRow]) -> None:
        """Forget the services that are not among ``rows``."""
        for name in self._rows.keys() - {row.name for row in rows}:
            del self._rows[name]
            self._known.pop(name).stop()

    def stop(self) -> None:
        """Close what is idle."""
        for upstream in self._known.values():
            upstream.stop()
