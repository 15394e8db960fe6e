"""What a client needs to know to get a token for these APIs (RFC 9728)."""

from typing import Any

import orjson

from apps.core import jose
from apps.core.errors import Missing
from gateway.challenges import WELL_KNOWN
from gateway.exchange import Exchange, Headers
from gateway.problems import CatalogUnavailable
from gateway.routes import Table

PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
]


async def metadata(exchange: Exchange) -> None:
    """Describe all APIs, or the version that the rest of the path names; anyone may read it."""
    table = exchange.runtime.routes.table
    if table is None:
        raise CatalogUnavailable(headers={"Retry-After": "1"})
    body = orjson.dumps(_document(exchange, table))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"public, max-age=60"),
        (b"access-control-allow-origin", b"*"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await _send(exchange, 200, headers, b"" if exchange.method == "HEAD" else body)


async def preflight(exchange: Exchange) -> None:
    """Let a page of any origin read the description."""
    await _send(exchange, 204, list(PREFLIGHT), b"")


def _document(exchange: Exchange, table: Table) -> dict[str, Any]:
    settings = exchange.runtime.settings
    suffix = exchange.path.removeprefix(WELL_KNOWN).rstrip("/")
    scopes = table.scopes.get(suffix)
    if scopes is None:
        raise Missing(f"There is no API at {suffix}.")
    named = suffix.strip("/").replace("/", " ")
    return {
        "resource": settings.api_url + suffix,
        "resource_name": f"{settings.brand} API {named}".strip(),
        "resource_documentation": f"{settings.portal_url}/docs",
        "authorization_servers": [settings.portal_url],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(jose.ALGORITHMS),
        "dpop_bound_access_tokens_required": False,
        "tls_client_certificate_bound_access_tokens": False,
    }


async def _send(exchange: Exchange, status: int, headers: Headers, body: bytes) -> None:
    told = [*headers, (b"trellis-request-id", exchange.request_id.encode())]
    await exchange.send({"type": "http.response.start", "status": status, "headers": told})
    await exchange.send({"type": "http.response.body", "body": body})
