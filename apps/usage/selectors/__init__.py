"""What people ask about usage.

Developers see the usage of their organizations' applications; everything else is as if it did not
exist. Every answer costs the same number of queries however many rows stand behind it.
"""

from apps.usage.selectors.ending import (
    MONTH,
    WEEK,
    Calls,
    Subject,
    Summary,
    still_calling,
    still_used,
    subjects,
    summaries,
)
from apps.usage.selectors.handover import HandOver, KeyUser, handover
from apps.usage.selectors.limits import LimitState, limits_of
from apps.usage.selectors.numbers import (
    Day,
    Selection,
    Share,
    Totals,
    by_key,
    by_operation,
    by_status,
    per_day,
    select,
    totals,
    used_by,
)
from apps.usage.selectors.operator import Platform, TopApplication, platform, recent, top
from apps.usage.selectors.requests import Page, RequestRow, request, request_of, requests
from apps.usage.selectors.whatif import DAYS, Outcome, Tally, WhatIf, what_if

__all__ = [
    "DAYS",
    "MONTH",
    "WEEK",
    "Calls",
    "Day",
    "HandOver",
    "KeyUser",
    "LimitState",
    "Outcome",
    "Page",
    "Platform",
    "RequestRow",
    "Selection",
    "Share",
    "Subject",
    "Summary",
    "Tally",
    "TopApplication",
    "Totals",
    "WhatIf",
    "by_key",
    "by_operation",
    "by_status",
    "handover",
    "limits_of",
    "per_day",
    "platform",
    "recent",
    "request",
    "request_of",
    "requests",
    "select",
    "still_calling",
    "still_used",
    "subjects",
    "summaries",
    "top",
    "totals",
    "used_by",
    "what_if",
]
