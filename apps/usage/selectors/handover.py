"""Who still calls with a key that has a successor."""

from dataclasses import dataclass
from datetime import datetime

from apps.core import ids
from apps.keys.models import Key
from apps.usage.selectors.numbers import query

MOST = 50  # callers that are listed; the totals count all

CALLERS = """
    SELECT ip, user_agent, count(*) FILTER (WHERE key_id = %s) AS old,
           count(*) FILTER (WHERE key_id = %s) AS new, max(at) FILTER (WHERE key_id = %s),
           sum(count(*) FILTER (WHERE key_id = %s)) OVER (),
           sum(count(*) FILTER (WHERE key_id = %s)) OVER ()
      FROM usage_request
     WHERE application_id = %s AND at >= %s AND key_id IN (%s, %s)
     GROUP BY ip, user_agent ORDER BY old DESC, new DESC, ip, user_agent LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class KeyUser:
    """A program at an address, and how often it called with which key."""

    ip: str
    user_agent: str
    old: int
    new: int
    last_old: datetime | None


@dataclass(frozen=True, slots=True)
class HandOver:
    """How far a hand-over has come."""

    users: list[KeyUser]
    old: int
    new: int

    @property
    def share(self) -> float:
        """Return the successor's share of the calls, 0 to 1."""
        return self.new / self.total if self.total else 0.0

    @property
    def total(self) -> int:
        """Return the calls with either key."""
        return self.old + self.new


def handover(old: Key, new: Key, *, since: datetime) -> HandOver:
    """Return who called with ``old`` and who with ``new`` since a moment, in one query."""
    a, b = ids.decode(old.pk)[1], ids.decode(new.pk)[1]
    application = ids.decode(old.application_id)[1]
    rows = list(query(CALLERS, [a, b, a, a, b, application, since, a, b, MOST]))
    users = [KeyUser(ip, agent, was, now, last) for ip, agent, was, now, last, *_ in rows]
    totals = rows[0][5:] if rows else (0, 0)
    return HandOver(users, int(totals[0]), int(totals[1]))
