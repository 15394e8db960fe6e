"""Answer from what is kept, and keep what was answered."""

import time

from apps.catalog.policies import Cache as Wanted
from gateway import bodies
from gateway.cache import LARGEST, Entry, Key, lifetime, matches, tag
from gateway.exchange import Exchange, rung
from gateway.reply import Reply

NOT_MODIFIED = 304
# What tells answers apart however the policy is: the same bytes in another coding are others.
ALWAYS = (b"accept", b"accept-encoding", b"accept-language", b"trellis-version")
HIT = rung("cache", hit=True)
PARTS = {b"if-none-match", b"if-modified-since", b"range", b"if-range"}
OWN = {b"age", b"cache-status", b"surrogate-key", b"etag"}


async def recall(exchange: Exchange) -> None:
    """Answer from memory, where there is a good answer and the caller takes it."""
    wanted = _wanted(exchange)
    if exchange.method not in {"GET", "HEAD"}:
        return
    if b"no-cache" in exchange.headers.get(b"cache-control", b"").lower():
        return
    entry = exchange.runtime.cache.find(_key(exchange, wanted), exchange.wall / 1e6)
    if entry is None:  # The service is asked for the whole answer, which others can use too.
        exchange.raw_headers = [item for item in exchange.raw_headers if item[0] not in PARTS]
        return
    exchange.trace.append(HIT)
    _answer(exchange, entry)
    exchange.settled = True


async def keep(exchange: Exchange) -> None:
    """Keep an answer that may be kept, and give it what a kept one has."""
    wanted, reply = _wanted(exchange), exchange.reply
    assert reply is not None  # noqa: S101 - steps before this one
    if exchange.method not in {"GET", "HEAD"}:
        return
    if exchange.status != 200 or b"no-store" in exchange.headers.get(b"cache-control", b"").lower():  # noqa: PLR2004 - OK
        return
    seconds = lifetime(reply.headers, wanted.seconds, shared=wanted.shared)
    body = await bodies.gathered(reply, LARGEST) if seconds > 0 else None
    if body is None:
        return
    now = time.time()
    named = dict(reply.headers).get(b"surrogate-key", b"").decode("latin-1").split()
    entry = Entry(
        exchange.status,
        [item for item in exchange.answer_headers if item[0] not in OWN],
        body,
        tag(exchange.answer_headers, body),
        now,
        now + seconds,
        frozenset({exchange.api, *(f"{exchange.api}:{one}" for one in (*wanted.tags, *named))}),
    )
    exchange.runtime.cache.keep(_key(exchange, wanted), entry)
    _answer(exchange, entry, fresh=True)


def _answer(exchange: Exchange, entry: Entry, *, fresh: bool = False) -> None:
    """Answer with an entry, or with 304 where the caller has it already."""
    now = time.time()
    left, age = int(entry.ends_at - now), int(now - entry.made_at)
    told = "fwd=miss; stored" if fresh else "hit"
    status, body = entry.status, entry.body
    headers = [*entry.headers, (b"etag", entry.etag), (b"age", b"%d" % age)]
    headers.append((b"cache-status", f"Trellis; {told}; ttl={left}".encode()))  # RFC 9211
    if matches(entry.etag, exchange.headers.get(b"if-none-match", b"")):
        status, body = NOT_MODIFIED, b""
        headers = [item for item in headers if item[0] not in {b"content-length", b"content-type"}]
    exchange.reply = Reply.made(status, headers, body)
    exchange.status, exchange.answer_headers = status, headers


def _key(exchange: Exchange, wanted: Wanted) -> Key:
    """Return what an answer depends on: who asks, unless it is shared, and for what."""
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    seen = tuple(one.scope in credential.scopes for one in operation.policy.fields)
    who: Key = ()
    if not wanted.shared:
        who = (credential.application, credential.tenant, credential.subject, credential.scopes)
    names = (*ALWAYS, *(name.encode() for name in wanted.vary))
    told = tuple(exchange.headers.get(name, b"") for name in names)
    compiled = exchange.runtime.routes.compiled  # Another catalog may have another policy.
    revision = operation.place and operation.place.name
    return (compiled, operation.api, operation.name, revision, exchange.asked, who, seen, told)


def _wanted(exchange: Exchange) -> Wanted:
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    wanted = exchange.operation.policy.cache
    assert wanted is not None  # noqa: S101 - only such operations come here
    return wanted
