"""Why a request ended as it did, for the program that made it."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request

from apps.core.rest.components import moment, text
from apps.core.rest.expansion import Shape
from apps.management.api.base import ManagementView, reads
from apps.management.api.serializers import Known
from apps.usage import explanation
from apps.usage import selectors as usage
from apps.usage.decisions import STATES


class DecisionSerializer(serializers.Serializer[Any]):
    """One decision about a request."""

    name = serializers.CharField(help_text="Stable, for programs to compare.")
    state = serializers.ChoiceField(
        choices=STATES, help_text="How it ended; what comes after a failure is not reached."
    )
    title = serializers.CharField(help_text="The decision in words.")
    detail = text("Why it failed, with values.")
    values = serializers.DictField(help_text="What it was decided by.")
    errors = serializers.ListField(  # type: ignore[assignment]  # the document's name for it
        child=serializers.DictField(),
        help_text="Each parameter at fault with `param`, `code` and `detail`.",
    )


class FixSerializer(serializers.Serializer[Any]):
    """What mends a refusal."""

    summary = serializers.CharField(help_text="What to do, in a sentence.")
    url = serializers.URLField(help_text="The page where it is done, or described.")


class ExplanationSerializer(Known):
    """The ladder of decisions about a request."""

    application = serializers.CharField(help_text="The application that made it.")
    credential = text("The key or client that was used.")
    at = moment("When it ended.", null=False)
    method = serializers.CharField(help_text="The HTTP method.")
    path = serializers.CharField(help_text="The path, without its query.")
    operation = text("The operation; null where none was found.")
    status = serializers.IntegerField(help_text="The HTTP status of the answer.")
    code = text("The error code; null after a success.")
    failed = text("The name of the decision that ended it; null after a success.")
    decisions = DecisionSerializer(many=True, help_text="Every decision, in order.")
    fix = FixSerializer(allow_null=True, help_text="What mends it; null after a success.")


REQUEST_ID = "req_0003KmTKYu5PFfWVFiTzxS"
EXAMPLE = {
    "object": "explanation",
    "id": REQUEST_ID,
    "livemode": False,
    "application": "app_0003KmTKYu5PFfWVFiTzxS",
    "credential": "key_0003KmTKYu5PFfWVFiTzxS",
    "at": "2026-11-23T10:15:00Z",
    "method": "POST",
    "path": "/commerce/v1/orders",
    "operation": "orders_create",
    "status": 403,
    "code": "scope_missing",
    "failed": "scopes",
    "decisions": [
        {
            "name": "scopes",
            "state": "failed",
            "title": "The scopes do not cover the operation",
            "detail": "orders_create needs the scope orders:write; the credential has orders:read.",
            "values": {"needs": ["orders:write"], "has": ["orders:read"]},
            "errors": [],
        },
        {
            "name": "limit",
            "state": "not_reached",
            "title": "Within the plan's limits",
            "detail": None,
            "values": {},
            "errors": [],
        },
    ],
    "fix": {
        "summary": "A key's scopes never change. Create one that has this scope too, and use it.",
        "url": "http://localhost:8000/keys/new",
    },
}


class ExplanationView(ManagementView):
    """Requests of the calling application."""

    drifts = False

    @reads(
        "requests_explain",
        summary="Explain a request",
        scopes=[],
        may="log.read",
        cost=0,
        key="req",
        answer=ExplanationSerializer,
        example=EXAMPLE,
        whole=True,
    )
    def retrieve(self, request: Request, id: str) -> Shape:  # noqa: A002 - the path's name
        """Return every decision about a request, the one that failed, and what mends it.

        Of the calling application's own requests in the same tenant. A request appears within two
        seconds. Costs nothing.
        """
        caller = self.caller
        found = usage.request_of(id, application=caller.application, tenant=caller.tenant)
        if found is None:
            raise Http404
        return explanation.shape(found)
