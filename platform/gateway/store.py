"""The gateway's only SQL, as a role that may read these columns and nothing else."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

# What role trellis_gateway may read; ``trellis up`` grants it, a test compares it with the models.
GRANTS: dict[str, tuple[str, ...]] = {
    "keys_key": (
        "id",
        "application_id",
        "tenant_id",
        "digest",
        "scopes",
        "ip_allow",
        "not_before",
        "expires_at",
        "rotated_at",
        "revoked_at",
    ),
    "oauth_accesstoken": (
        "public_id",
        "application_id",
        "tenant_id",
        "user_id",
        "token_checksum",
        "scope",
        "resource",
        "jkt",
        "expires",
        "revoked_at",
    ),
    "oauth_client": ("id", "client_id", "application_id", "environment", "ip_allow"),
    "oauth_signingkey": ("algorithm", "public"),
    "accounts_user": ("id", "is_active"),
    "applications_application": ("id", "organization_id", "state"),
    "applications_pin": ("application_id", "version", "revision"),
    "orgs_organization": ("id", "is_internal", "suspended_at"),
    "tenants_tenant": ("id", "kind", "organization_id"),
    "plans_subscription": ("application_id", "version_id"),
    "plans_planversion": ("id", "plan_id", "limits"),
    "plans_plan": ("id", "slug"),
    "plans_override": ("application_id", "limits", "ends_at", "ended_at"),
    "catalog_api": ("id", "slug", "visibility", "policy"),
    "catalog_apiversion": (
        "id",
        "api_id",
        "major",
        "document",
        "digest",
        "updated_at",
        "upstream_id",
        "base",
        "deprecated_at",
        "sunset_at",
    ),
    "catalog_operation": (
        "id",
        "version_id",
        "name",
        "method",
        "path",
        "scopes",
        "cost",
        "deprecated",
        "ending",
        "policy",
    ),
    "catalog_partner": ("api_id", "organization_id"),
    "catalog_upstream": ("id", "slug", "settings"),
    "catalog_target": ("upstream_id", "url", "weight"),
}
CREDENTIAL = """
    SELECT key.digest, key.id AS key, key.application_id AS application,
           application.organization_id AS organization, key.tenant_id AS tenant,
           tenant.kind = 'live' AS livemode, key.scopes, key.ip_allow,
           extract(epoch FROM key.not_before)::float8 AS not_before,
           extract(epoch FROM key.expires_at)::float8 AS expires_at,
           extract(epoch FROM key.rotated_at)::float8 AS rotated_at,
           key.revoked_at IS NOT NULL AS revoked, application.state,
           organization.suspended_at IS NOT NULL AS organization_suspended,
           plan.slug AS plan, version.limits, instead.limits AS override,
           extract(epoch FROM instead.ends_at)::float8 AS override_ends,
           (SELECT jsonb_object_agg(pin.version, pin.revision) FROM applications_pin pin
             WHERE pin.application_id = application.id) AS pins
      FROM keys_key key
      JOIN tenants_tenant tenant ON tenant.id = key.tenant_id
      JOIN applications_application application ON application.id = key.application_id
      JOIN orgs_organization organization ON organization.id = application.organization_id
      LEFT JOIN plans_subscription subscription ON subscription.application_id = application.id
      LEFT JOIN plans_planversion version ON version.id = subscription.version_id
      LEFT JOIN plans_plan plan ON plan.id = version.plan_id
      LEFT JOIN plans_override instead ON instead.application_id = application.id
            AND instead.ended_at IS NULL AND instead.ends_at > now()
     WHERE key.digest = ANY(%s)
"""
# An organization that is suspended stops its applications, and everybody's on its data.
BEARER = """
    SELECT decode(token.token_checksum, 'hex') AS digest, token.public_id AS key,
           client.client_id AS client, client.application_id AS application,
           application.organization_id AS organization, token.tenant_id AS tenant,
           tenant.organization_id AS holder, tenant.kind = 'live' AS livemode,
           tenant.kind <> client.environment AS misplaced,
           string_to_array(token.scope, ' ') AS scopes, client.ip_allow,
           NULL AS not_before, extract(epoch FROM token.expires)::float8 AS expires_at,
           token.revoked_at IS NOT NULL AS revoked, application.state,
           organization.suspended_at IS NOT NULL OR holder.suspended_at IS NOT NULL
               AS organization_suspended,
           token.user_id AS subject, person.is_active IS FALSE AS user_disabled,
           token.jkt AS thumbprint, token.resource AS audience, plan.slug AS plan, version.limits,
           instead.limits AS override,
           extract(epoch FROM instead.ends_at)::float8 AS override_ends,
           (SELECT jsonb_object_agg(pin.version, pin.revision) FROM applications_pin pin
             WHERE pin.application_id = application.id) AS pins
      FROM oauth_accesstoken token
      JOIN oauth_client client ON client.id = token.application_id
      JOIN tenants_tenant tenant ON tenant.id = token.tenant_id
      JOIN orgs_organization holder ON holder.id = tenant.organization_id
      JOIN applications_application application ON application.id = client.application_id
      JOIN orgs_organization organization ON organization.id = application.organization_id
      LEFT JOIN accounts_user person ON person.id = token.user_id
      LEFT JOIN plans_subscription subscription ON subscription.application_id = application.id
      LEFT JOIN plans_planversion version ON version.id = subscription.version_id
      LEFT JOIN plans_plan plan ON plan.id = version.plan_id
      LEFT JOIN plans_override instead ON instead.application_id = application.id
            AND instead.ended_at IS NULL AND instead.ends_at > now()
     WHERE token.token_checksum = %s
"""
SIGNING_KEYS = "SELECT algorithm, public FROM oauth_signingkey"
# To whom an API is known that is not public: the operator's own organizations, and its partners.
OPERATIONS = """
    SELECT api.slug, version.major, operation.name, operation.method, operation.path,
           operation.scopes, operation.cost, operation.policy, api.policy AS general,
           operation.deprecated, version.base, coalesce(upstream.slug, '') AS upstream,
           extract(epoch FROM version.deprecated_at)::float8 AS deprecated_at,
           extract(epoch FROM version.sunset_at)::float8 AS sunset_at,
           CASE WHEN api.visibility <> 'public' THEN ARRAY(
               SELECT id FROM orgs_organization WHERE is_internal
                UNION
               SELECT organization_id FROM catalog_partner partner
                WHERE partner.api_id = api.id AND api.visibility = 'partner' ORDER BY 1)
           END AS known_to, version.digest,
           extract(epoch FROM version.updated_at)::float8 AS updated_at, operation.ending
      FROM catalog_operation operation
      JOIN catalog_apiversion version ON version.id = operation.version_id
      JOIN catalog_api api ON api.id = version.api_id
      LEFT JOIN catalog_upstream upstream ON upstream.id = version.upstream_id
"""
DOCUMENT = """
    SELECT version.document::text
      FROM catalog_apiversion version
      JOIN catalog_api api ON api.id = version.api_id
     WHERE api.slug = %s AND version.major = %s
"""
CLAIM = "SELECT * FROM idempotency_claim(%s, %s, %s, %s, %s)"
SETTLE = "SELECT idempotency_settle(%s, %s::smallint, %s, %s, %s::varchar[])"
RELEASE = "SELECT idempotency_release(%s)"
UPSTREAMS = """
    SELECT upstream.slug, upstream.settings, coalesce(jsonb_agg(jsonb_build_array(target.url,
           target.weight) ORDER BY target.url) FILTER (WHERE target.url IS NOT NULL), '[]')
      FROM catalog_upstream upstream
      LEFT JOIN catalog_target target ON target.upstream_id = upstream.id
     GROUP BY upstream.id
"""
CONNECTIONS = 4
QUEUE = 64  # look-ups that may wait for a connection; more are refused at once
PATIENCE = 1.5  # seconds for one look-up, waiting included
UNHURRIED = 20.0  # seconds for what no request waits for
PAUSE = 0.5  # seconds between looks at a database that failed
FAILURES = (psycopg.Error, PoolTimeout, TimeoutError, OSError)


class StoreDown(Exception):  # noqa: N818 - a state of affairs
    """PostgreSQL cannot be asked right now."""


class OperationRow(NamedTuple):
    """One operation of the catalog. Times are seconds since 1970."""

    api: str
    major: int
    name: str
    method: str
    path: str
    scopes: list[str]
    cost: int
    policy: dict[str, Any] = {}
    general: dict[str, Any] = {}
    deprecated: bool = False
    base: str = ""
    upstream: str = ""
    deprecated_at: float | None = None
    sunset_at: float | None = None
    known_to: list[UUID] | None = None
    digest: str = ""
    updated_at: float = 0.0
    ending: list[str] = []  # deprecated parts of its requests


class UpstreamRow(NamedTuple):
    """A service behind the gateway, with (address, weight) of its targets."""

    name: str
    settings: dict[str, Any]
    targets: list[tuple[str, int]]


class Store:
    """A small pool of connections; a look-up that would take long is given up."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[DictRow],
            min_size=1,
            max_size=CONNECTIONS,
            open=False,
            timeout=PATIENCE,
            max_waiting=QUEUE,
            reconnect_timeout=5,
            check=AsyncConnectionPool.check_connection,
            kwargs={
                "autocommit": True,
                "connect_timeout": 2,
                "row_factory": dict_row,
                "options": "-c statement_timeout=1000",
            },
        )
        self.known = False  # whether it ever answered
        self._probe: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the pool; PostgreSQL may come later."""
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        await self.pool.open(wait=False)

    async def stop(self) -> None:
        """Close every connection."""
        if self._probe:
            self._probe.cancel()
        await self.pool.close(timeout=1)

    async def credential(self, digests: Sequence[bytes]) -> dict[str, Any] | None:
        """Return the row of the key with one of ``digests``; StoreDown when nobody can tell."""
        rows = await self._fetch(CREDENTIAL, [list(digests)])
        return rows[0] if rows else None

    async def token(self, digest: bytes) -> dict[str, Any] | None:
        """Return the row of the access token whose SHA-256 is ``digest``."""
        rows = await self._fetch(BEARER, [digest.hex()])
        return rows[0] if rows else None

    async def signing_keys(self) -> list[dict[str, Any]]:
        """Return the public halves of the keys that sign tokens."""
        return await self._fetch(SIGNING_KEYS, [])

    async def operations(self) -> list[OperationRow]:
        """Return the whole catalog; StoreDown when PostgreSQL is away."""
        rows = await self._fetch(OPERATIONS, [])
        return [OperationRow(*row.values()) for row in rows]

    async def document(self, api: str, major: int) -> str:
        """Return the OpenAPI document of a version as JSON; StoreDown when PostgreSQL is away.

        It may have many megabytes: a connection of its own has the time that takes.
        """
        try:
            async with (
                asyncio.timeout(UNHURRIED),
                await AsyncConnection.connect(self._url, autocommit=True) as connection,
            ):
                row = await (await connection.execute(DOCUMENT, [api, major])).fetchone()
        except FAILURES as error:
            raise StoreDown from error
        return str(row[0]) if row else "{}"

    async def claim(self, *values: Any) -> dict[str, Any]:
        """Claim an idempotency key: tenant, application, key, fingerprint, and for how long."""
        return (await self._fetch(CLAIM, list(values)))[0]

    async def settle(self, *values: Any) -> None:
        """Write down the answer of a claim: its number, status, headers, body, scopes."""
        await self._fetch(SETTLE, list(values))

    async def release(self, claim: int) -> None:
        """Give a claim up: nothing happened."""
        await self._fetch(RELEASE, [claim])

    async def upstreams(self) -> list[UpstreamRow]:
        """Return the services behind the gateway; StoreDown when PostgreSQL is away."""
        rows = await self._fetch(UPSTREAMS, [])
        return [UpstreamRow(*row.values()) for row in rows]

    async def _fetch(self, query: str, values: list[Any]) -> list[dict[str, Any]]:
        """Ask for rows. Once it failed, a probe finds out when it is back, and no request does."""
        if self._away:
            raise StoreDown
        try:
            rows = await self._ask(query, values)
        except FAILURES as error:
            if not self._away:
                self._probe = asyncio.create_task(self._await_return())
            raise StoreDown from error
        self.known = True
        return rows

    async def _ask(self, query: str, values: list[Any]) -> list[dict[str, Any]]:
        """Ask, and give it up in time: psycopg's own farewell to a silent server takes longer."""
        asked = asyncio.create_task(self._rows(query, values))
        asked.add_done_callback(_ignore)
        await asyncio.wait({asked}, timeout=PATIENCE)
        if not asked.done():
            asked.cancel()
            raise TimeoutError
        return asked.result()

    async def _rows(self, query: str, values: list[Any]) -> list[dict[str, Any]]:
        try:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(query, values, prepare=True)
                return await cursor.fetchall()
        except TooManyRequests as error:  # A flood of unknown keys; PostgreSQL itself is well.
            raise StoreDown from error

    @property
    def _away(self) -> bool:
        return self._probe is not None and not self._probe.done()

    async def _await_return(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            with suppress(StoreDown, *FAILURES):
                await self._ask("SELECT 1", [])
                return


def _ignore(task: "asyncio.Task[Any]") -> None:
    if not task.cancelled():
        task.exception()
