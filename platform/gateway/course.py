"""Which steps the requests of an operation take: those that its policy asks for, and no others."""

from apps.catalog.policies import Policy
from apps.catalog.revisions import Chain
from gateway.exchange import Step
from gateway.steps.authorize import authorize
from gateway.steps.describe import check_request, check_response, mock
from gateway.steps.dispatch import dispatch
from gateway.steps.guard import guard
from gateway.steps.limit import limit
from gateway.steps.note_ending import note_ending
from gateway.steps.remember import keep, recall
from gateway.steps.replay import replay, retain
from gateway.steps.revise import downgrade, replay_as_first, upgrade
from gateway.steps.transform import ask_plainly, transform_request, transform_response


def course(
    policy: Policy, chain: Chain | None = None, *, dated: bool = False, ending: bool = False
) -> tuple[Step, ...]:
    """Return the steps after the operation is found, in order; the last ones set the answer.

    ``chain`` is what stands between a caller's revision and the newest, which schemas, rules and
    fields speak of; ``dated`` says that there are revisions at all, ``ending`` that parts of its
    requests are deprecated.
    """
    rules, looks = policy.response, bool(policy.fields)
    looks = looks or (rules is not None and rules.body)
    older = chain is not None and bool(chain.response)
    wanted: tuple[tuple[object, Step], ...] = (
        (policy.ip_allow or policy.ip_deny, guard),
        (True, authorize),
        (True, limit),
        (policy.idempotency and dated, replay_as_first),  # of what the caller sent
        (chain, upgrade),
        ("request" in policy.validate, check_request),
        (ending, note_ending),
        (policy.idempotency and not dated, replay),
        (policy.cache, recall),
        (policy.request, transform_request),
        (looks or older or "response" in policy.validate, ask_plainly),
        (policy.mock, mock),
        (True, dispatch),
        ("response" in policy.validate, check_response),
        (looks or rules, transform_response),
        (policy.idempotency, retain),
        (older, downgrade),
        (policy.cache, keep),
    )
    return tuple(step for asked, step in wanted if asked)


def opening(policy: Policy) -> tuple[Step, ...]:
    """Return the steps before a WebSocket opens."""
    return (guard, authorize, limit) if policy.ip_allow or policy.ip_deny else (authorize, limit)
