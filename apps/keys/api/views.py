"""Leak reports in the shape of GitHub's secret scanning partner programme.

The body is a JSON list of ``{token, type, url, source}``, signed as a whole. It is read, answered
and forgotten: neither it nor a token of it is kept or logged.
"""

import json
from functools import wraps
from typing import Any, Final, Protocol

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from apps.core import throttle
from apps.core.addresses import client_address
from apps.core.rest.errors import MethodNotAllowed
from apps.core.rest.problems import respond, translate
from apps.keys import leaks, reporters
from apps.keys.errors import LeakReportMalformed, LeakReportTooLarge, TooManyTries

LARGEST: Final = 1024 * 1024  # bytes
MOST: Final = 1000  # findings in one report
AT_MOST, WINDOW = 60, 60  # reports of one address in a minute


class View(Protocol):
    """A view, as Django calls it."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""


def problems(view: View) -> View:
    """Answer what a view refuses with a problem document: programs call it."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except Exception as error:  # noqa: BLE001 - every error becomes a problem document
            return respond(translate(error))

    return answered


@csrf_exempt  # no cookie means anything here: the signature does
@never_cache
@problems
@sensitive_variables("body", "entries", "findings", "labels")
def secret_scanning(request: HttpRequest) -> HttpResponse:
    """Take a signed report, and say of each token whether it is one of ours."""
    if request.method != "POST":
        raise MethodNotAllowed("Send the report with POST.", headers={"Allow": "POST"})
    who = throttle.network(client_address(request))
    if not throttle.admits("leaks", who, at_most=AT_MOST, window=WINDOW):
        raise TooManyTries(
            f"At most {AT_MOST} reports a minute.", headers={"Retry-After": str(WINDOW)}
        )
    body = _body(request)
    reporter = reporters.check(
        body,
        identifier=request.headers.get("Github-Public-Key-Identifier", ""),
        signature=request.headers.get("Github-Public-Key-Signature", ""),
    )
    entries = _entries(body)
    findings = [
        leaks.Finding(entry["token"], _text(entry.get("url")), _text(entry.get("source")))
        for entry in entries
    ]
    labels = [
        {
            "token_raw": entry["token"],
            "token_type": _text(entry.get("type")),
            "label": "true_positive" if ours else "false_positive",
        }
        for entry, ours in zip(entries, leaks.report(findings, reporter=reporter), strict=True)
    ]
    return JsonResponse(labels, safe=False)


def _body(request: HttpRequest) -> bytes:
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > LARGEST:  # noqa: PLR2004 - digits of any size
        raise LeakReportTooLarge(f"A report has at most {LARGEST} bytes.")
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise LeakReportTooLarge(f"A report has at most {LARGEST} bytes.")
    return body


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise LeakReportMalformed("The body is not JSON.") from error
    if not isinstance(entries, list) or len(entries) > MOST:
        raise LeakReportMalformed(f"Send a list of at most {MOST} findings.")
    if not all(isinstance(one, dict) and isinstance(one.get("token"), str) for one in entries):
        raise LeakReportMalformed("Each finding needs a token, which is a text.")
    return entries


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
