"""The decision that ended a request: which it was, why, and with which values.

Decisions that a request passed are constants, made once. The one that refuses it carries what its
caller needs to know: the portal's page about the request and ``platform/v1`` show it.
"""

from typing import Any

from apps.core.errors import Problem
from gateway.exchange import FAILED, Exchange, Step, rung
from gateway.reply import Failed
from gateway.steps.record import masked

LONG, SHORT = 400, 200  # characters of a text that is kept, and of one among many
MANY = 20  # items of a list that are kept
TOLD = {"Retry-After": "retry_after", "Allow": "allow"}  # headers that are values too
# Where a request ends that a step refuses; a step's own name when it is not among them.
RUNGS = {
    "receive": "path",
    "authenticate": "known",
    "prove": "proof",
    "guard": "address",
    "hand_over": "handed_over",
    "authorize": "allowed",
    "replay_as_first": "idempotency",
    "upgrade": "revision",
    "check_request": "request_schema",
    "replay": "idempotency",
    "recall": "cache",
    "transform_request": "request_rules",
    "dispatch": "backend",
    "check_response": "answer_schema",
    "transform_response": "response_rules",
    "downgrade": "answer_revision",
    "keep": "cache",
    "retain": "idempotency",
}
# A body is read by whichever step needs it first, and a gateway may have too much to do at any.
ANYWHERE = {
    "body_too_large": "body",
    "body_incomplete": "body",
    "body_slow": "body",
    "overloaded": "room",
    "websocket_refused": "route",
    "revision_unknown": "revision",
}


def failed(name: str, problem: Problem, **values: Any) -> bytes:
    """Return the decision ``name`` that ended in ``problem``, as JSON."""
    found: dict[str, Any] = {"code": problem.code, "detail": masked(problem.detail[:LONG])}
    for header, text in problem.headers.items():
        if header in TOLD:
            found[TOLD[header]] = int(text) if text.isdecimal() else text
    found |= problem.values
    if problem.param:
        found["param"] = problem.param[:LONG]
    if problem.errors:
        found["errors"] = [error_of(error) for error in problem.errors[:MANY]]
    return rung(name, FAILED, **found | values)


def blame(exchange: Exchange, step: Step | None, why: Exception) -> None:
    """Write down that a step ended the request, unless it has said so itself."""
    if isinstance(why, Problem) and why.code in ANYWHERE:
        exchange.trace.append(failed(ANYWHERE[why.code], why))
    elif not _is_told(exchange):
        own = getattr(step, "__name__", "gateway")
        name = RUNGS.get(own, own)
        if isinstance(why, Problem):
            exchange.trace.append(failed(name, why))
        else:
            told = str(why)[:LONG] if isinstance(why, Failed) else "a defect of the gateway"
            exchange.trace.append(rung(name, FAILED, why=told, api=exchange.api))


def _is_told(exchange: Exchange) -> bool:
    if not exchange.trace:
        return False
    name, outcome = exchange.trace[-1].strip(b"[]").split(b",", 2)[:2]
    return outcome == b'"failed"' and name != b'"answer"'


def error_of(error: dict[str, Any]) -> dict[str, str]:
    """Return what is said of one wrong place, in short."""
    return {name: masked(str(value)[:SHORT]) for name, value in error.items()}
