"""Whether this credential may do this: organization, application, address, scopes."""

from ipaddress import ip_address
from typing import Any

from apps.applications.errors import NotApproved, Suspended
from apps.core.errors import Problem, ScopeMissing
from apps.keys.errors import IpNotAllowed
from gateway.credential import Credential
from gateway.exchange import Exchange, rung
from gateway.ladder import MANY, failed
from gateway.problems import OrganizationSuspended, TokenAudience

ALLOWED = rung("allowed")


async def authorize(exchange: Exchange) -> None:
    """Refuse what the credential's standing does not cover."""
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    try:
        standing(credential)
        _audience(exchange, credential.audience)
        _address(credential, exchange.address)
        for scope in operation.scopes:
            if scope not in credential.scopes:
                raise ScopeMissing(
                    f"{operation.name} needs the scope {scope}; the credential has "
                    f"{', '.join(sorted(credential.scopes)) or 'none'}.",
                    scope=scope,
                )
    except Problem as problem:
        exchange.trace.append(failed("allowed", problem, **_facts(exchange, problem)))
        raise
    exchange.trace.append(ALLOWED)


def _facts(exchange: Exchange, problem: Problem) -> dict[str, Any]:
    """Return what the decision was made by: what is needed, and what there is."""
    credential, operation = exchange.credential, exchange.operation
    assert credential is not None  # noqa: S101 - steps before this one
    assert operation is not None  # noqa: S101 - as above
    if isinstance(problem, ScopeMissing):
        held = sorted(credential.scopes)[:MANY]
        return {"operation": operation.name, "needs": list(operation.scopes), "has": held}
    if isinstance(problem, IpNotAllowed):
        return {"networks": [str(network) for network in credential.networks[:MANY]]}
    if isinstance(problem, TokenAudience):
        return {"audience": list(credential.audience[:MANY]), "path": exchange.path}
    return {"application": credential.application, "state": credential.state}


def standing(credential: Credential) -> None:
    """Refuse what a suspended or unapproved application asks for."""
    if credential.organization_suspended:
        raise OrganizationSuspended(
            "The organization of the application, or the one whose data it reads, is suspended."
            if credential.is_token
            else f"The organization {credential.organization} is suspended."
        )
    if credential.state == "suspended":
        raise Suspended(f"The application {credential.application} is suspended.")
    if credential.livemode and credential.state != "approved":
        raise NotApproved(
            f"The application {credential.application} is {credential.state.replace('_', ' ')}; "
            "live traffic needs approval."
        )


def _audience(exchange: Exchange, audience: tuple[str, ...]) -> None:
    """Refuse a token that was issued for another API (RFC 8707)."""
    if not audience:
        return
    url = f"{exchange.runtime.settings.api_url}{exchange.path}/"
    if not any(url.startswith(f"{resource}/") for resource in audience):
        raise TokenAudience(f"The access token is for {', '.join(audience)}.")


def _address(credential: Credential, address: str) -> None:
    if not credential.networks:
        return
    try:
        caller = ip_address(address)
    except ValueError:  # A socket without an address: no network holds it.
        caller = None
    if caller is None or not any(caller in network for network in credential.networks):
        raise IpNotAllowed(f"The credential may not be used from {address}.", address=address)
