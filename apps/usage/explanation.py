"""The explanation of a request as programs read it."""

from typing import Any

from apps.usage import decisions, fixes
from apps.usage.decisions import Decision
from apps.usage.selectors.requests import RequestRow


def shape(row: RequestRow) -> dict[str, Any]:
    """Return the ladder of decisions about ``row``, the one that failed, and what mends it."""
    ladder = decisions.ladder(row.trace or [], row.status)
    failing = decisions.failing(ladder)
    fix = fixes.fix(row, failing)
    return {
        "object": "explanation",
        "id": row.id,
        "livemode": bool(row.livemode),
        "application": row.application_id,
        "credential": row.key_id,
        "at": row.at,
        "method": row.method,
        "path": row.path,
        "operation": row.operation or None,
        "status": row.status,
        "code": row.code or None,
        "failed": failing.name if failing else None,
        "decisions": [_decision(one) for one in ladder],
        "fix": {"summary": str(fix.summary), "url": fix.url} if fix else None,
    }


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": one.state,
        "title": str(one.title),
        "detail": one.detail or None,
        "values": one.values,
        "errors": one.errors,
    }
