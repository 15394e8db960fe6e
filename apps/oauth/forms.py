"""What a client sends to an endpoint, read strictly before anything looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, RawPostDataException
from django.http.request import UnreadablePostError
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from apps.core.addresses import client_address
from apps.core.throttle import network
from apps.oauth.errors import TooLargeError

LARGEST: Final = 64 * 1024
MOST: Final = 60
FORM: Final = "application/x-www-form-urlencoded"
REPEATABLE: Final = frozenset({"resource", "audience"})


@dataclass(frozen=True, slots=True)
class Form:
    """One request of a client. A parameter without a value counts as not sent."""

    values: Mapping[str, str]
    resources: tuple[str, ...]
    authorization: str
    proof: str | None
    url: str
    address: str

    def get(self, name: str) -> str:
        """Return a parameter, or nothing."""
        return self.values.get(name, "")

    def need(self, name: str) -> str:
        """Return a parameter that must be there."""
        if not (value := self.get(name)):
            raise InvalidRequestError(f"The parameter {name} is missing.")
        return value


def read(request: HttpRequest) -> Form:
    """Return the form in ``request``; raise the OAuth error that says what is wrong with it."""
    if request.META.get("QUERY_STRING"):
        raise InvalidRequestError("Parameters belong in the body: addresses end up in logs.")
    pairs = _pairs(_body(request))
    values: dict[str, str] = {}
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise InvalidRequestError("A parameter holds a NUL character.")
        if name in values and name not in REPEATABLE:
            raise InvalidRequestError(f"The parameter {name[:40]} is sent more than once.")
        values[name] = value
    return Form(
        values={name: value for name, value in values.items() if value},
        resources=tuple(value for name, value in pairs if name == "resource" and value),
        authorization=request.META.get("HTTP_AUTHORIZATION", ""),
        proof=request.META.get("HTTP_DPOP"),
        url=f"{settings.PORTAL_URL}{request.path}",
        address=network(client_address(request)),
    )


def _body(request: HttpRequest) -> bytes:
    if request.content_type not in {FORM, ""}:
        raise InvalidRequestError(f"The body must be {FORM}.")
    too_large = TooLargeError(f"The body is larger than {LARGEST // 1024} KiB.")
    if _announced(request) > LARGEST:
        raise too_large
    try:
        body = request.read(LARGEST + 1)
    except (RawPostDataException, UnreadablePostError, OSError) as error:
        raise InvalidRequestError("The body broke off.") from error
    if len(body) > LARGEST:
        raise too_large
    return body


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST,
        )
    except UnicodeError as error:
        raise InvalidRequestError("The body is not percent-encoded UTF-8.") from error
    except ValueError as error:
        raise InvalidRequestError(f"The body has more than {MOST} parameters.") from error
