"""Who calls, and what it may use."""

from typing import Any

from rest_framework.request import Request

from apps.core.rest.expansion import Shape
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads
from apps.management.api.serializers import CallerSerializer, LimitsSerializer
from apps.plans import limits
from apps.plans.limits import Policy
from apps.plans.models import Subscription


class CallerView(ManagementView):
    """The calling credential."""

    drifts = False

    @reads(
        "me_retrieve",
        summary="Retrieve who calls",
        scopes=[],
        may="",
        cost=0,
        answer=CallerSerializer,
        example=examples.CALLER,
        whole=True,
    )
    def retrieve(self, request: Request) -> Shape:
        """Return what the credential is: whose, where, and what it covers. Costs nothing."""
        caller = self.caller
        return {
            "object": "caller",
            "id": caller.credential,
            "livemode": caller.livemode,
            "application": caller.application,
            "organization": self.owner,
            "tenant": caller.tenant,
            "subject": caller.subject,
            "role": self.standing.role,
            "scopes": sorted(caller.scopes),
            "plan": caller.plan or None,
        }


class LimitView(ManagementView):
    """The limits of the calling application."""

    drifts = False

    @reads(
        "limits_retrieve",
        summary="Retrieve the limits",
        scopes=[],
        may="",
        cost=0,
        answer=LimitsSerializer,
        example=examples.LIMITS,
        whole=True,
    )
    def retrieve(self, request: Request) -> Shape:
        """Return the limits of the plan. What is left of them stands in `RateLimit`."""
        known = Subscription.objects.filter(application=self.caller.application)
        found = known.select_related("version").first()
        policies = limits.parse(found.version.limits) if found else ()
        return {
            "object": "list",
            "data": [_limit(policy) for policy in policies],
            "has_more": False,
            "next_cursor": None,
        }


def _limit(policy: Policy) -> dict[str, Any]:
    return {
        "object": "limit",
        "name": policy.name,
        "kind": policy.kind,
        "scope": policy.scope,
        "limit": policy.limit,
        "window": policy.window or None,
        "period": policy.period,
    }
