"""Who calls, and what it may use."""

from typing import Any

from rest_framework.request import Request

from apps.core import ids
from apps.core.rest.expansion import Shape
from apps.management import shapes
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads
from apps.management.api.serializers import CallerSerializer, LimitsSerializer
from apps.oauth.models import AccessToken
from apps.plans import standing
from apps.plans.standing import Standing


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
        """Return every limit that holds now, and what is left of it for this caller."""
        caller = self.caller
        found = standing.standings(
            caller.application, key=_counted(caller.credential), subject=caller.subject or ""
        )
        return {
            "object": "list",
            "data": [_limit(one) for one in found],
            "has_more": False,
            "next_cursor": None,
        }


def _counted(credential: str) -> str:
    """Return what a credential is counted as: a key as itself, a token as its client."""
    prefix, value = ids.decode(credential)
    if prefix != "tok":
        return credential
    client = AccessToken.objects.filter(public_id=value).values_list("application__client_id")
    return next((name for (name,) in client), "")


def _limit(one: Standing) -> dict[str, Any]:
    return {
        "object": "limit",
        **shapes.policy(one.policy),
        "left": one.left,
        "resets_at": one.resets_at,
        "override_until": one.until,
    }
