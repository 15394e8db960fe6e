"""Which steps the requests of an operation take: those that its policy asks for, and no others."""

from apps.catalog.policies import Policy
from gateway.exchange import Step
from gateway.steps.authorize import authorize
from gateway.steps.describe import check_request, check_response, mock
from gateway.steps.dispatch import dispatch
from gateway.steps.guard import guard
from gateway.steps.limit import limit
from gateway.steps.remember import keep, recall
from gateway.steps.replay import replay, retain
from gateway.steps.transform import ask_plainly, transform_request, transform_response


def course(policy: Policy) -> tuple[Step, ...]:
    """Return the steps after the operation is found, in order; the last ones set the answer."""
    rules, looks = policy.response, bool(policy.fields)
    looks = looks or (rules is not None and rules.body)
    wanted: tuple[tuple[object, Step], ...] = (
        (policy.ip_allow or policy.ip_deny, guard),
        (True, authorize),
        (True, limit),
        ("request" in policy.validate, check_request),
        (policy.idempotency, replay),
        (policy.cache, recall),
        (policy.request, transform_request),
        (looks or "response" in policy.validate, ask_plainly),
        (policy.mock, mock),
        (True, dispatch),
        ("response" in policy.validate, check_response),
        (looks or rules, transform_response),
        (policy.cache, keep),
        (policy.idempotency, retain),
    )
    return tuple(step for asked, step in wanted if asked)


def opening(policy: Policy) -> tuple[Step, ...]:
    """Return the steps before a WebSocket opens."""
    return (guard, authorize, limit) if policy.ip_allow or policy.ip_deny else (authorize, limit)
