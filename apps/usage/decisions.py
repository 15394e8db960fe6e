"""The ladder of decisions about a request, as people read it: one registry of all there are.

The gateway records a decision as ``[name, outcome]``, perhaps with values; what it passed without a
word is not recorded. Here each recorded name is a rung of one check or several, in the order of the
pipeline, so that a ladder also shows what was passed tacitly and what was never reached.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise
State = Literal["passed", "failed", "not_reached", "not_needed"]
STATES: Final[tuple[State, ...]] = ("passed", "failed", "not_reached", "not_needed")
TOLD: Final = frozenset({"code", "detail", "errors"})  # values that have their own place


@dataclass(frozen=True, slots=True)
class Check:
    """One question that a request is asked.

    Of a rung that failed it is the check that names the ``code``, or the one without codes. A
    check of the ``own`` kind is asked only where a policy says so; a ``rare`` one is shown only
    when it fails.
    """

    rung: str
    name: str
    passed: Words
    failed: Words
    codes: tuple[str, ...] = ()
    own: bool = False
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one check."""

    name: str
    state: State
    title: Words
    code: str = ""
    detail: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)


CHECKS: Final = (
    Check(
        "path",
        "url",
        _("No credential stands in the URL"),
        _("A credential stands in the URL"),
        ("credential_in_url",),
    ),
    Check(
        "path",
        "headers",
        _("The headers are well formed"),
        _("The headers are not well formed"),
        ("header_repeated", "headers_too_large"),
    ),
    Check("path", "path", _("The address is well formed"), _("The address is not well formed")),
    Check(
        "credential",
        "credential",
        _("A credential came along"),
        _("No usable credential came along"),
    ),
    Check(
        "known",
        "shape",
        _("The credential has the right shape"),
        _("The credential has a wrong shape"),
        ("key_malformed", "token_malformed", "token_kind_wrong"),
    ),
    Check(
        "known",
        "checksum",
        _("Its checksum fits"),
        _("Its checksum does not fit"),
        ("key_bad_checksum",),
    ),
    Check("known", "known", _("The credential is known"), _("The credential is not known")),
    Check(
        "standing",
        "open",
        _("It was not revoked"),
        _("It was revoked"),
        ("key_revoked", "token_revoked"),
    ),
    Check(
        "standing",
        "time",
        _("It is good at this time"),
        _("It is not good at this time"),
        ("key_expired", "key_rotated_out", "key_not_yet_valid", "token_expired"),
    ),
    Check(
        "standing",
        "person",
        _("The person behind it has an open account"),
        _("The account of the person behind it is disabled"),
        ("user_disabled",),
        rare=True,
    ),
    Check(
        "standing",
        "environment",
        _("It is used in its own environment"),
        _("It is not valid in this environment"),
    ),
    Check(
        "proof",
        "proof",
        _("The caller proved to have the key"),
        _("The caller did not prove to have the key"),
        own=True,
    ),
    Check(
        "route",
        "version",
        _("The API has this version"),
        _("The API does not have this version"),
        ("version_unknown", "version_retired"),
    ),
    Check(
        "route",
        "operation",
        _("An operation answers this address"),
        _("No operation answers this address"),
    ),
    Check(
        "route",
        "method",
        _("The operation takes this method"),
        _("The operation does not take this method"),
        ("method_not_allowed", "websocket_refused"),
    ),
    Check(
        "revision",
        "revision",
        _("Served in an older revision of the API"),
        _("Not served in that revision of the API"),
        own=True,
    ),
    Check("body", "body", _("The body fits"), _("The body does not fit"), own=True),
    Check(
        "room",
        "room",
        _("The gateway had room for it"),
        _("The gateway had too much to do"),
        own=True,
    ),
    Check(
        "address",
        "address",
        _("The operation is open to this address"),
        _("The operation is closed to this address"),
        own=True,
    ),
    Check(
        "allowed",
        "organization",
        _("The organization is in good standing"),
        _("The organization is suspended"),
        ("organization_suspended",),
    ),
    Check(
        "allowed",
        "application",
        _("The application is in good standing"),
        _("The application is suspended"),
        ("application_suspended",),
    ),
    Check(
        "allowed",
        "approval",
        _("The application may use this environment"),
        _("The application is not approved for live traffic"),
        ("application_not_approved",),
    ),
    Check(
        "allowed",
        "audience",
        _("The token is for this API"),
        _("The token is for another API"),
        ("token_audience",),
        rare=True,
    ),
    Check(
        "allowed",
        "network",
        _("The credential may be used from this address"),
        _("The credential may not be used from this address"),
        ("ip_not_allowed",),
    ),
    Check(
        "allowed",
        "scopes",
        _("The scopes cover the operation"),
        _("The scopes do not cover the operation"),
    ),
    Check("limit", "limit", _("Within the plan's limits"), _("Beyond one of the plan's limits")),
    Check(
        "handed_over",
        "handed_over",
        _("Handed over to the platform's own data plane"),
        _("Not handed over to the platform's own data plane"),
        own=True,
    ),
    Check(
        "request_schema",
        "request_schema",
        _("The request is as the API's document says"),
        _("The request is not as the API's document says"),
        own=True,
    ),
    Check(
        "ending",
        "ending",
        _("It used parts of the request that are deprecated"),
        _("It used parts of the request that are deprecated"),
        own=True,
    ),
    Check(
        "idempotency",
        "idempotency",
        _("The idempotency key is this request's own"),
        _("The idempotency key belongs to another request"),
        own=True,
    ),
    Check("cache", "cache", _("A kept answer was used"), _("No answer was kept"), own=True),
    Check(
        "request_rules",
        "request_rules",
        _("The request was rewritten by the API's rules"),
        _("The request could not be rewritten by the API's rules"),
        own=True,
    ),
    Check(
        "mock",
        "mock",
        _("An example from the API's document was the answer"),
        _("The API's document has no such example"),
        own=True,
    ),
    Check(
        "backend",
        "resting",
        _("The service was not resting"),
        _("The service failed too often and is given a rest"),
        ("upstream_resting",),
        rare=True,
    ),
    Check(
        "backend",
        "crowded",
        _("The service had room"),
        _("The service has too many requests already"),
        ("upstream_crowded",),
        rare=True,
    ),
    Check(
        "backend",
        "down",
        _("The service was well"),
        _("No address of the service is well"),
        ("upstream_down",),
        rare=True,
    ),
    Check("backend", "backend", _("The backend answered"), _("The backend did not answer")),
    Check("answer", "answer", _("The backend accepted it"), _("The backend refused it")),
    Check(
        "answer_schema",
        "answer_schema",
        _("The answer is as the API's document says"),
        _("The answer is not as the API's document says"),
        own=True,
    ),
    Check(
        "response_rules",
        "response_rules",
        _("The answer was rewritten by the API's rules"),
        _("The answer could not be rewritten by the API's rules"),
        own=True,
    ),
    Check(
        "answer_revision",
        "answer_revision",
        _("The answer was told in the older revision"),
        _("The answer could not be told in the older revision"),
        own=True,
    ),
)
ORDER: Final = list(dict.fromkeys(check.rung for check in CHECKS))


def ladder(trace: Sequence[Sequence[Any]], status: int) -> list[Decision]:
    """Return every decision about a request that ended with ``status``, in order."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, outcome, *values in trace:
        if found.get(name, ("",))[0] != "failed":
            found[name] = outcome, values[0] if values else {}
    if not found:
        return []
    made = _Ladder(found, status)
    strange = [made.strange(name) for name in found if name not in ORDER]
    if len(strange) == len(found):
        return strange
    return [decision for check in CHECKS if (decision := made.of(check))] + strange


def failing(decisions: Iterable[Decision]) -> Decision | None:
    """Return the decision that ended the request."""
    return next((decision for decision in decisions if decision.state == "failed"), None)


class _Ladder:
    """What was recorded of one request, and the end of it."""

    def __init__(self, found: dict[str, tuple[str, dict[str, Any]]], status: int) -> None:
        self.found = found
        known = [ORDER.index(name) for name in found if name in ORDER]
        bad = [ORDER.index(name) for name in found if name in ORDER and self._failed(name)]
        self.last = min(bad) if bad else max(known, default=-1)
        self.refused = bool(bad) or status >= 400  # noqa: PLR2004 - HTTP's own border

    def of(self, check: Check) -> Decision | None:
        """Return what became of ``check``; None where it is not worth a word."""
        state = self._state(check)
        if state is None or (check.rare and state != "failed"):
            return None
        if state == "failed":
            return _told(check.name, state, check.failed, self.found[check.rung][1])
        generic = not check.codes and state == "passed"
        values = self.found[check.rung][1] if generic and check.rung in self.found else {}
        return _told(check.name, state, check.passed, values)

    def strange(self, name: str) -> Decision:
        """Return a decision that the registry does not know, from another version's gateway."""
        outcome, values = self.found[name]
        state: State = "failed" if self._failed(name) else "passed"
        title = name.replace("_", " ")
        return _told(name, state, title if outcome in STATES else f"{title}: {outcome}", values)

    def _state(self, check: Check) -> State | None:
        if check.rung not in self.found:
            return None if check.own else self._tacit(check.rung)
        if not self._failed(check.rung):
            return "passed"
        rung = [one for one in CHECKS if one.rung == check.rung]
        code = self.found[check.rung][1].get("code")
        named = [one for one in rung if code in one.codes] or [one for one in rung if not one.codes]
        if check is named[0]:
            return "failed"
        return "passed" if rung.index(check) < rung.index(named[0]) else "not_reached"

    def _tacit(self, rung: str) -> State:
        """Return what became of a check of which nothing was recorded."""
        if ORDER.index(rung) < self.last:
            return "passed"
        if self.refused:
            return "not_reached"
        return "passed" if rung == "answer" and "backend" in self.found else "not_needed"

    def _failed(self, name: str) -> bool:
        return self.found[name][0] == "failed"


def _told(name: str, state: State, title: Words, values: dict[str, Any]) -> Decision:
    return Decision(
        name,
        state,
        title,
        str(values.get("code", "")),
        str(values.get("detail", "")),
        {key: value for key, value in values.items() if key not in TOLD},
        list(values.get("errors", [])),
    )
