"""What can go wrong with any request to any API."""

from http import HTTPStatus
from typing import Any

from apps.core.errors import Conflict, Problem


class ParameterUnknown(Problem):
    """The request names a parameter that the operation does not have."""

    code = "parameter_unknown"


class ValidationFailed(Problem):
    """The value of a parameter is not acceptable."""

    code = "validation_failed"

    def __init__(
        self,
        detail: str,
        *,
        param: str | None,
        errors: list[dict[str, Any]] | None = None,
    ) -> None:
        """List the one parameter that is wrong where ``errors`` does not list several."""
        one = [{"param": param, "code": "invalid", "detail": detail}] if param else None
        super().__init__(detail, param=param, errors=errors or one)


class JsonMalformed(Problem):
    """The body is not JSON."""

    code = "json_malformed"


class BodyTooComplex(Problem):
    """The body is nested too deeply, or holds too many or too long members."""

    code = "body_too_complex"


class BodyTooLarge(Problem):
    """The body is larger than the platform accepts."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"


class LengthRequired(Problem):
    """The size of the body was not announced."""

    status = HTTPStatus.LENGTH_REQUIRED
    code = "length_required"


class MediaTypeUnsupported(Problem):
    """The body is in a format that the API does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "media_type_unsupported"


class MethodNotAllowed(Problem):
    """The path exists, but not for this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"


class CursorInvalid(Problem):
    """The cursor was not made by this list."""

    code = "cursor_invalid"


class ExpansionUnknown(Problem):
    """The object has nothing of that name to expand."""

    code = "expansion_unknown"


class ExpansionTooDeep(Problem):
    """Too many objects inside objects were asked for."""

    code = "expansion_too_deep"


class PreconditionFailed(Problem):
    """The object has changed since it was read."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "precondition_failed"


class Contended(Conflict):
    """Another request is changing the same objects right now."""

    code = "contended"


class InternalError(Problem):
    """Something went wrong on the platform's side."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"


class UpstreamFailed(Problem):
    """The service behind the gateway did not answer properly."""

    status = HTTPStatus.BAD_GATEWAY
    code = "upstream_failed"


class UpstreamTimeout(Problem):
    """The service behind the gateway did not answer in time."""

    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "upstream_timeout"
