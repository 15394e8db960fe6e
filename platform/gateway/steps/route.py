"""Find the operation."""

from gateway.endings import retired
from gateway.exchange import Exchange, rung
from gateway.revisions import choose
from gateway.steps.receive import too_large

FOUND = rung("route")


async def route(exchange: Exchange) -> None:
    """Look method and path up in the compiled catalog."""
    assert exchange.credential is not None  # noqa: S101 - steps before this one
    organization = exchange.credential.organization
    operation = exchange.runtime.routes.find(exchange.method, exchange.path, organization)
    exchange.operation = operation
    exchange.api = operation.api
    if operation.sunset_at is not None and operation.sunset_at <= exchange.wall / 1e6:
        raise retired(operation.api, operation.version, operation.sunset_at, operation.guide)
    if exchange.length and exchange.length > operation.policy.body_limit:
        raise too_large(exchange.length, operation.policy.body_limit)
    exchange.trace.append(FOUND)
    if operation.dated is not None:
        choose(exchange, operation, operation.dated)
