"""What one gateway process holds: its connections, its caches, its background work."""

import asyncio
from functools import cache
from typing import Any

from apps.core import caller as callers
from gateway import credentials, frames, heartbeat, revisions
from gateway.cache import Cache
from gateway.credentials import Credentials
from gateway.heartbeat import Heartbeat
from gateway.keyring import Keyring
from gateway.limits import Limiter
from gateway.link import Link
from gateway.listener import Listener
from gateway.live import Live
from gateway.proofs import Proofs
from gateway.routes import Routes
from gateway.settings import Settings
from gateway.shedding import Shedding
from gateway.shipper import Shipper
from gateway.spool import Spool
from gateway.store import Store
from gateway.upstreams import Upstreams

HOT = 0.02  # seconds that a request waits for Valkey
FAREWELL = 1.0  # seconds for WebSockets to say goodbye
BULK = 2.0  # seconds that background work does
HOT_SCRIPTS = (*frames.SCRIPTS, credentials.FILL, credentials.FORGET)
BULK_SCRIPTS = (heartbeat.COUNT, heartbeat.USED)


class Runtime:
    """Everything a request may ask for. Nothing here outlives the process or matters to another."""

    def __init__(self, settings: Settings) -> None:
        url = settings.valkey_url
        self.settings = settings
        self.stopping = asyncio.Event()
        self.lasting: set[asyncio.Task[Any]] = set()  # WebSockets, which the server forgets
        self.portal = settings.portal_url.encode()
        self.store = Store(settings.database_url)
        self.hot = Link(url, patience=HOT, scripts=HOT_SCRIPTS)
        self.bulk = Link(url, patience=BULK, scripts=BULK_SCRIPTS)
        self.credentials = Credentials(
            self.store,
            self.hot,
            peppers=settings.peppers,
            prefix=settings.key_prefix,
            keyring=Keyring(self.store, issuer=settings.portal_url, audience=settings.api_url),
        )
        self.cache = Cache()
        self.shedding = Shedding(settings.capacity)
        self.proofs = Proofs(self.hot, settings.caller_key)
        self.upstreams = Upstreams(settings.upstream)
        self.routes = Routes(
            self.store,
            self.upstreams,
            portal=settings.portal_url,
            histories=revisions.load(settings.revisions),
        )
        self.limiter = Limiter(self.hot)
        self.listener = Listener(url, missed=self._missed)
        self.live = Live(self.bulk, self.listener)
        self.spool = Spool(settings.spool, limit=settings.spool_limit)
        self.shipper = Shipper(self.spool, self.bulk, settings.spool)
        self.heartbeat = Heartbeat(self.bulk, self.limiter, self.spool.source)
        self.caller_key = cache(lambda api: callers.key_for(api, settings.caller_key))
        scheme, _, host = settings.api_url.encode().partition(b"://")
        self.forwarded = (b"x-forwarded-proto: " + scheme, b"x-forwarded-host: " + host)

    async def start(self) -> None:
        """Connect to what is there; what is not is tried again in the background."""
        self.listener.subscribe("trl:invalidate", self._hear)
        await asyncio.gather(self.store.start(), self.hot.start(), self.bulk.start())
        self.listener.start()
        await self.routes.start()
        self.shipper.start()
        self.heartbeat.start()

    async def say_goodbye(self) -> None:
        """End what would never end by itself."""
        self.stopping.set()
        if self.lasting:
            await asyncio.wait(self.lasting, timeout=FAREWELL)

    async def stop(self) -> None:
        """Finish: everything that was answered is recorded, and shipped if Valkey takes it."""
        await self.say_goodbye()
        await self.heartbeat.stop()
        await self.limiter.stop()
        await self.shipper.stop()
        await self.routes.stop()
        await self.listener.stop()
        self.upstreams.stop()
        await asyncio.gather(self.hot.stop(), self.bulk.stop(), self.store.stop())

    def _hear(self, message: str) -> None:
        self.credentials.hear(message)
        self.routes.hear(message)
        self.cache.hear(message)
        self.live.hear(message)

    def _missed(self) -> None:
        self.credentials.reset()
        self.routes.hear("catalog:")
        self.cache.clear()
