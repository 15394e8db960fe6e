"""Views whose writes may be sent twice and happen once."""

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from apps.core.errors import Problem
from apps.core.rest.operations import operation
from apps.core.rest.renderers import dumps
from apps.core.rest.views import ApiView
from apps.idempotency import sameness
from apps.idempotency import services as idempotency
from apps.idempotency.errors import (
    IdempotencyInProgress,
    IdempotencyKeyInvalid,
    IdempotencyMismatch,
)
from apps.idempotency.models import KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
SHOULD_RETRY = "Trellis-Should-Retry"
KEPT = ("Content-Type", "ETag")
FAILED = 500
PROBLEMS: tuple[type[Problem], ...] = (
    IdempotencyKeyInvalid,
    IdempotencyMismatch,
    IdempotencyInProgress,
)


def writes(
    name: str, *, problems: tuple[type[Problem], ...] = (), **described: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an operation of an ``IdempotentView`` that changes something."""
    return operation(name, writes=True, problems=(*problems, *PROBLEMS), **described)


class IdempotentView(ApiView):
    """A view that honours ``Idempotency-Key``.

    What a method *raises* rolls back everything, the reservation of the key included: nothing
    happened, so the same key may try again. What it *returns* is kept in the same transaction as
    its effect, even a 5xx; that one tells clients not to try again. A secret is left out of what is
    kept: the database never holds it, and a replay says null in its place.
    """

    def perform(self, handler: Any) -> HttpResponse:
        """Replay the kept answer, or run the method and keep what it answers."""
        key = self.request.headers.get(HEADER)
        if key is None or self.request.method not in sameness.METHODS:
            return super().perform(handler)
        request = self.request._request  # noqa: SLF001 - DRF offers no other way to the raw body
        same = sameness.fingerprint(
            str(request.method), request.get_full_path(), bytes(request.body)
        )
        if kept := idempotency.claim(key, same=same, actor=self.caller):
            return _replay(kept)
        answer = super().perform(handler)
        if answer.status_code >= FAILED:
            answer.headers[SHOULD_RETRY] = "false"
        idempotency.keep(
            key,
            same=same,
            status=answer.status_code,
            headers={name: answer.headers[name] for name in KEPT if name in answer.headers},
            body=self._keepable(answer),
            scopes=self._uncovering(),
            actor=self.caller,
        )
        return answer

    def _keepable(self, answer: HttpResponse) -> bytes:
        """Return the answer's body without what it shows once."""
        if not self.operation.once or answer.status_code >= FAILED:
            return answer.content
        return dumps(json.loads(answer.content) | dict.fromkeys(self.operation.once))

    def _uncovering(self) -> frozenset[str]:
        """Return the scopes without which the answer would have looked different."""
        if self.lens.expand:
            return self.caller.scopes
        return self.caller.scopes & set(self.resource.guarded.values())


def _replay(kept: KeptAnswer) -> HttpResponse:
    answer = HttpResponse(bytes(kept.body), status=kept.status, headers=kept.headers)
    if "Content-Type" not in kept.headers:  # Django adds one, even to an answer without a body.
        del answer.headers["Content-Type"]
    answer.headers[REPLAYED] = "true"
    if kept.status >= FAILED:
        answer.headers[SHOULD_RETRY] = "false"
    return answer
