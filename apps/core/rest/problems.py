"""Errors as problem documents (RFC 9457), whichever layer they come from."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions

from apps.core import errors, outage
from apps.core.errors import Problem
from apps.core.request import current_request
from apps.core.rest import errors as rest
from apps.core.rest.parsers import MAX_BYTES, too_large
from apps.core.rest.renderers import dumps

MEDIA_TYPE = "application/problem+json"
NO_SUCH_PARAMETER = "There is no such parameter."
UNKNOWN = "unknown"  # The code of a validation error about a member that does not exist.
# Serialization failure, deadlock, lock not available; a reference or a unique value that another
# request has deleted or taken since this one looked.
CONTENTION = {"40001", "40P01", "55P03", "23503", "23505"}

FORESEEN: list[tuple[tuple[type[Exception], ...], Callable[[], Problem]]] = [
    (
        (Http404, ObjectDoesNotExist, exceptions.NotFound),
        partial(errors.Missing, "There is no such object, or not for this credential."),
    ),
    ((PermissionDenied, exceptions.PermissionDenied), errors.Denied),
    ((exceptions.NotAuthenticated, exceptions.AuthenticationFailed), errors.Unauthorized),
    (
        (exceptions.UnsupportedMediaType,),
        partial(
            rest.MediaTypeUnsupported,
            "Send the body as application/json, with that Content-Type.",
            headers={"Accept": "application/json"},
        ),
    ),
    ((RequestDataTooBig,), partial(too_large, MAX_BYTES + 1)),
    (
        (exceptions.ParseError, SuspiciousOperation),
        partial(Problem, "The request could not be read."),
    ),
]

log = logging.getLogger(__name__)


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answer ``error``; Django REST framework calls this for everything a view raises."""
    return respond(translate(error))


def translate(error: Exception) -> Problem:
    """Return ``error`` as a Problem; what nobody foresaw is logged and says nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, exceptions.ValidationError):
        return invalid(error.detail)
    for kinds, problem in FORESEEN:
        if isinstance(error, kinds):
            return problem()
    if isinstance(error, DatabaseError) and _contended(error):
        log.warning("Request %s was contended: %s", current_request.get(), error)
        return rest.Contended("Nothing was changed. Try again.", headers={"Retry-After": "1"})
    if outage.is_lost(error):
        log.warning("Request %s found no PostgreSQL: %s", current_request.get(), error)
        return errors.Unavailable(outage.WORDS, headers={"Retry-After": outage.RETRY_AFTER})
    log.error("Request %s failed.", current_request.get(), exc_info=error)
    return rest.InternalError("The request failed and nothing was changed. It has been recorded.")


def _contended(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in CONTENTION


def respond(problem: Problem) -> HttpResponse:
    """Return the answer to a request that ended in ``problem``."""
    body = errors.document(
        problem, portal_url=settings.PORTAL_URL, request_id=current_request.get() or None
    )
    return HttpResponse(
        dumps(body), status=int(problem.status), content_type=MEDIA_TYPE, headers=problem.headers
    )


def missing(request: HttpRequest) -> HttpResponse:
    """Answer a path that no API has."""
    return respond(errors.Missing(f"Nothing is served at {request.path[:200]}."))


def invalid(detail: Any) -> Problem:
    """Return validation errors as one Problem whose ``errors`` name every parameter.

    A member that does not exist outranks values that are wrong: it is most likely a typing error.
    """
    found = list(_flatten(detail, ""))
    unknown = [error for error in found if error["code"] == UNKNOWN]
    shown = unknown or found
    names = ", ".join(error["param"] for error in shown if error["param"])
    first = shown[0]
    if unknown:
        return rest.ParameterUnknown(
            f"The operation has no parameter {names}.", param=first["param"], errors=shown
        )
    said = f"{first['param']}: {first['detail']}" if first["param"] else first["detail"]
    others = f" ({len(shown)} parameters: {names})" if len(shown) > 1 else ""
    return rest.ValidationFailed(said + others, param=first["param"] or None, errors=shown)


def _flatten(detail: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            if isinstance(name, int):
                yield from _flatten(inner, f"{path}[{name}]")
            elif name == "non_field_errors":
                yield from _flatten(inner, path)
            else:
                yield from _flatten(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict)
            yield from _flatten(inner, f"{path}[{position}]" if nested else path)
    else:
        yield {"param": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}
