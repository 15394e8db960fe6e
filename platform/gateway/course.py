"""Which steps the requests of an operation take: those that its policy asks for, and no others."""

from apps.catalog.policies import Policy
from gateway.exchange import Step
from gateway.steps.authorize import authorize
from gateway.steps.dispatch import dispatch
from gateway.steps.limit import limit


def course(policy: Policy) -> tuple[Step, ...]:
    """Return the steps after the operation is found, in order; the last ones set the answer."""
    return (authorize, limit, dispatch)
