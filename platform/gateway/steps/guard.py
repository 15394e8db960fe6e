"""Whether the operation is open to the caller's address at all."""

from ipaddress import ip_address

from gateway.exchange import Exchange, rung
from gateway.ladder import failed
from gateway.problems import AddressRefused

OPEN = rung("address")


async def guard(exchange: Exchange) -> None:
    """Refuse addresses that the policy denies, or that are not among those it allows."""
    assert exchange.operation is not None  # noqa: S101 - steps before this one
    policy = exchange.operation.policy
    try:
        caller = ip_address(exchange.address)
    except ValueError:  # A socket without an address: no network holds it.
        caller = None
    denied = caller is None or any(caller in network for network in policy.ip_deny)
    allowed = not policy.ip_allow or any(caller in network for network in policy.ip_allow)
    if denied or not allowed:
        refused = AddressRefused(
            f"{exchange.operation.name} cannot be called from {exchange.address}.",
            address=exchange.address,
        )
        exchange.trace.append(failed("address", refused, operation=exchange.operation.name))
        raise refused
    exchange.trace.append(OPEN)
