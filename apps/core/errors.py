"""What can go wrong, as the caller should hear it.

* Problem               400
  x Unauthorized        401
  x Denied              403
  x Missing             404
  x Conflict            409
  x Unprocessable       422
  x LimitReached        429
  x Unavailable         503

A service raises one of these; only ``apps.core.rest`` and the gateway turn it into HTTP.
"""

from http import HTTPStatus
from typing import Any, ClassVar


class Problem(Exception):  # noqa: N818 - named as RFC 9457 names it
    """The request cannot be understood as it stands."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    code: ClassVar[str] = "bad_request"

    def __init__(
        self,
        detail: str = "",
        *,
        param: str | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        **values: Any,
    ) -> None:
        """``detail`` says what happened, with values; ``values`` become members of the document."""
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.param = param
        self.errors = errors
        self.headers = headers or {}
        self.values = values

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring: the same for every occurrence of a code."""
        return (cls.__doc__ or cls.code).strip().splitlines()[0]


class Unauthorized(Problem):
    """The request carries no usable credential."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"


class Denied(Problem):
    """The caller is known but may not do this."""

    status = HTTPStatus.FORBIDDEN
    code = "denied"


class ScopeMissing(Denied):
    """The credential does not cover a scope that the operation needs."""

    code = "scope_missing"


class Missing(Problem):
    """There is no such thing, or not for this caller."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Conflict(Problem):
    """The request disagrees with how things stand."""

    status = HTTPStatus.CONFLICT
    code = ""  # A family: each of its members says what is in the way.


class Unprocessable(Problem):
    """The request is well formed but cannot be carried out."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unprocessable"


class LimitReached(Problem):
    """A limit of the application's plan is reached."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "limit_reached"


class Unavailable(Problem):
    """The platform cannot answer this right now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"


def document(
    problem: Problem, *, portal_url: str, request_id: str | None, instance: bool = True
) -> dict[str, Any]:
    """Return the RFC 9457 document of ``problem``; null members are left out."""
    body: dict[str, Any] = {
        "type": f"{portal_url}/docs/errors/{problem.code}",
        "title": problem.title(),
        "status": int(problem.status),
        "detail": problem.detail,
        "code": problem.code,
        "param": problem.param,
        "errors": problem.errors,
        **problem.values,
        "request_id": request_id,
        "instance": f"{portal_url}/explain/{request_id}" if instance and request_id else None,
    }
    return {name: value for name, value in body.items() if value is not None}
