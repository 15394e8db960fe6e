"""Take the request's cost from every limit, or refuse it."""

from typing import Any

from apps.core.errors import LimitReached
from gateway.exchange import Exchange, rung
from gateway.ladder import failed
from gateway.problems import ConcurrencyReached, QuotaReached
from gateway.verdict import Verdict


async def limit(exchange: Exchange) -> None:
    """Ask the limiter once for all limits; what costs nothing only tells what is left."""
    assert exchange.credential is not None  # noqa: S101 - steps before this one
    assert exchange.operation is not None  # noqa: S101 - as above
    operation, credential = exchange.operation, exchange.credential
    limiter, cost = exchange.runtime.limiter, operation.cost
    if cost:
        verdict = await limiter.decide(credential, cost, operation, exchange.request_id)
    else:
        verdict = await limiter.look(credential, operation)
    exchange.verdict = verdict
    if verdict.denied is not None:
        refused = _refused(verdict)
        exchange.trace.append(failed("limit", refused, cost=cost, **_facts(verdict)))
        raise refused
    exchange.units = cost
    if verdict.slots:
        exchange.trace.append(_passed(verdict))


def _passed(verdict: Verdict) -> bytes:
    if verdict.missed:
        return rung("limit", **_facts(verdict))
    return verdict.slots.passed % (verdict.by.encode(), *verdict.numbers[::2])


def _facts(verdict: Verdict) -> dict[str, Any]:
    return {"by": verdict.by, "left": _left(verdict), **_shadow(verdict)}


def _left(verdict: Verdict) -> dict[str, int]:
    names = [slot.policy.name for slot in verdict.slots]
    return dict(zip(names, verdict.numbers[::2], strict=True))


def _shadow(verdict: Verdict) -> dict[str, Any]:
    """Name the limits that would have refused, were they more than a shadow."""
    return {"shadow": verdict.missed} if verdict.missed else {}


def _refused(verdict: Verdict) -> LimitReached:
    denied = verdict.denied
    assert denied is not None  # noqa: S101 - asked only then
    policy, wait = denied.policy, verdict.retry_after
    headers = {"Retry-After": str(wait)}
    if policy.kind == "quota":
        return QuotaReached(
            f"The quota {policy.name} of {policy.limit} a {policy.period} is used up.",
            headers=headers,
            limit=policy.name,
            retry_after=wait,
        )
    if policy.kind == "concurrency":
        return ConcurrencyReached(
            f"{policy.limit} requests are under way, as many at once as {policy.name} allows.",
            headers=headers,
            limit=policy.name,
            retry_after=wait,
        )
    return LimitReached(
        f"The limit {policy.name} of {policy.limit} in {policy.window} s is reached.",
        headers=headers,
        limit=policy.name,
        retry_after=wait,
    )
