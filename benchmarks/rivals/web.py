"""FastAPI as its documentation has it: a dependency for the key, slowapi for the limit, httpx.

Runs in the rivals' own environment. Keys lie in PostgreSQL, counts in Valkey, as with Trellis.
``python -m benchmarks.rivals.web KEY NARROW`` makes the table and both keys.
"""

import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import psycopg
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from psycopg_pool import AsyncConnectionPool
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded

DATABASE = os.environ["WEB_DATABASE_URL"]
WIDE, NARROW = "100000/second", "3/minute"


def caller(request: Request) -> str:
    """Return whose requests are counted together."""
    return str(request.state.caller)


def allowed(key: str) -> str:
    """Return the limit of a caller."""
    return NARROW if key.startswith("narrow") else WIDE


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what lives as long as the process."""
    app.state.client = httpx.AsyncClient(base_url=os.environ["WEB_UPSTREAM"])
    single = {"autocommit": True}  # one question is one round trip
    async with AsyncConnectionPool(DATABASE, min_size=4, max_size=16, kwargs=single) as pool:
        app.state.pool = pool
        yield
    await app.state.client.aclose()


limiter = Limiter(key_func=caller, storage_uri=os.environ.get("WEB_VALKEY_URL", "memory://"))
app = FastAPI(lifespan=lifespan)
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
bearer = HTTPBearer()
Bearer = Depends(bearer)


async def known(request: Request, credentials: HTTPAuthorizationCredentials = Bearer) -> None:
    """Look the key up, as one does in a dependency."""
    digest = hashlib.sha256(credentials.credentials.encode()).digest()
    async with request.app.state.pool.connection() as connection:
        found = await connection.execute("SELECT name FROM key WHERE digest = %s", [digest])
        row = await found.fetchone()
    if row is None:
        raise HTTPException(401, "unknown key")
    request.state.caller = row[0]


@app.get("/orders/{order}", dependencies=[Depends(known)])
@limiter.limit(allowed)
async def read(request: Request, order: str) -> Response:
    """Fetch an order from the service behind."""
    answer = await request.app.state.client.get(f"/orders/{order}")
    return Response(answer.content, answer.status_code, media_type="application/json")


def main() -> None:
    """Make the table, a key under a wide limit, and one under a narrow limit."""
    with psycopg.connect(DATABASE) as connection:
        connection.execute("CREATE TABLE key (digest bytea PRIMARY KEY, name text NOT NULL)")
        for name, key in zip(("wide", "narrow"), sys.argv[1:], strict=True):
            digest = hashlib.sha256(key.encode()).digest()
            # Counts of an earlier set-up in the same Valkey are those of other callers.
            row = [digest, f"{name}-{uuid4().hex}"]
            connection.execute("INSERT INTO key VALUES (%s, %s)", row)


if __name__ == "__main__":
    main()
