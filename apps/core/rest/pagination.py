"""Lists in pages, by cursor: a page never repeats or skips a row because others were added.

A cursor is the sort value and identifier of a row, signed for one list of one owner. An object's
identifier serves as a cursor too, so that a page's first object leads back (``ending_before``).
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.core import ids
from apps.core.rest.errors import CursorInvalid, ValidationFailed

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
LIMIT = re.compile(r"[0-9]{1,3}")
NEWEST = ("-created_at", "created_at")
PARAMETERS = frozenset({"limit", "starting_after", "ending_before", "sort"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows in order, whether more follow, and where they begin."""

    rows: Sequence[Any]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Pages:
    """How one list is cut: ``name`` and ``owner`` say which list, ``sorts`` its orders.

    The first of ``sorts`` is the default; a leading ``-`` means descending. ``owned_by`` names the
    owner in a row, ``named_by`` the field that callers know as its id.
    """

    name: str
    owner: str
    sorts: Sequence[str]
    owned_by: str = "tenant"
    named_by: str = "pk"

    def cut(
        self,
        queryset: QuerySet[Any],
        query: Mapping[str, str],
        whole: QuerySet[Any] | None = None,
    ) -> Page:
        """Return the page of ``queryset`` that ``query`` asks for.

        An object of ``whole`` may mark the place, even one that the filters leave out.

        ``next_cursor`` goes on in the direction of the request: it is passed as the parameter that
        led here, or as ``starting_after`` from the first page.
        """
        limit, sort = _limit(query.get("limit")), self._sort(query.get("sort"))
        after, before = query.get("starting_after"), query.get("ending_before")
        if after and before:
            raise ValidationFailed(
                "starting_after and ending_before exclude each other.", param="ending_before"
            )
        order = _reversed(sort) if before else sort
        if after or before:
            param = "ending_before" if before else "starting_after"
            value, key = self._read(
                after or before or "", sort, queryset if whole is None else whole, param
            )
            queryset = _beyond(queryset, order, value, key)
        rows = list(queryset.order_by(order, _tie(order))[: limit + 1])
        more, rows = len(rows) > limit, rows[:limit]
        cursor = self._write(sort, rows[-1]) if more else None
        return Page(rows[::-1] if before else rows, has_more=more, next_cursor=cursor)

    def _sort(self, wanted: str | None) -> str:
        if wanted is None or wanted in self.sorts:
            return wanted or self.sorts[0]
        raise ValidationFailed(
            f"sort: {wanted[:80]!r} is not one of {', '.join(self.sorts)}.", param="sort"
        )

    def _write(self, sort: str, row: Any) -> str:
        value = getattr(row, sort.removeprefix("-"))
        shown = value.isoformat() if isinstance(value, datetime) else value
        body = json.dumps([sort, shown, row.pk], separators=(",", ":")).encode()
        return urlsafe_b64encode(self._tag(body) + body).decode().rstrip("=")

    def _read(self, mark: str, sort: str, queryset: QuerySet[Any], param: str) -> tuple[Any, str]:
        name = sort.removeprefix("-")
        if ids.SHAPE.fullmatch(mark):
            mine = queryset.filter(**{self.named_by: mark})
            if self.owned_by:
                mine = mine.filter(**{self.owned_by: self.owner})
            found: tuple[Any, str] | None = mine.values_list(name, "pk").first()
            if found:
                return found
            raise CursorInvalid(f"{param} names no object of this list.", param=param)
        try:
            raw = urlsafe_b64decode(mark + "=" * (-len(mark) % 4))
        except ValueError:
            raw = b""
        tag, body = raw[:16], raw[16:]
        if not hmac.compare_digest(tag, self._tag(body)):
            raise CursorInvalid(
                f"{param} takes the next_cursor of this list or an object's id.", param=param
            )
        made_for, value, key = json.loads(body)
        if made_for != sort:
            raise CursorInvalid(
                f"The cursor belongs to sort={made_for}; this request has sort={sort}.", param=param
            )
        if name.endswith("_at"):
            value = datetime.fromisoformat(value)
        return value, key

    def _tag(self, body: bytes) -> bytes:
        key = settings.SECRET_KEY.encode()
        return hmac.digest(key, f"cursor:{self.name}:{self.owner}:".encode() + body, "sha256")[:16]


def _limit(wanted: str | None) -> int:
    if wanted is None:
        return DEFAULT_LIMIT
    if LIMIT.fullmatch(wanted) and 1 <= int(wanted) <= MAX_LIMIT:
        return int(wanted)
    raise ValidationFailed(
        f"limit: {wanted[:20]!r} is not a whole number from 1 to {MAX_LIMIT}.", param="limit"
    )


def _tie(sort: str) -> str:
    return "-pk" if sort.startswith("-") else "pk"


def _reversed(sort: str) -> str:
    return sort[1:] if sort.startswith("-") else f"-{sort}"


def _beyond(queryset: QuerySet[Any], sort: str, value: Any, key: str) -> QuerySet[Any]:
    """Return the rows after ``(value, key)``; the first condition lets an index find the place."""
    name, way = sort.removeprefix("-"), "lt" if sort.startswith("-") else "gt"
    return queryset.filter(
        Q(**{f"{name}__{way}e": value}),
        Q(**{f"{name}__{way}": value}) | Q(**{name: value, f"pk__{way}": key}),
    )
