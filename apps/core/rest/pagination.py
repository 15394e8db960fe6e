"""Lists in pages, by cursor: a page never repeats or skips a row because others were added.

A cursor is the sort value and identifier of a row, signed for one list of one tenant. An object's
identifier serves as a cursor too, so that a page's first object leads back (``ending_before``).
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from apps.core import ids
from apps.core.rest.errors import CursorInvalid, ValidationFailed

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
PARAMETERS = frozenset({"limit", "starting_after", "ending_before", "sort"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows in order, whether more follow, and where they begin."""

    rows: Sequence[Any]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Pages:
    """How one list is cut: ``place`` names it (operation and tenant), ``sorts`` its orders.

    The first of ``sorts`` is the default; a leading ``-`` means descending.
    """

    place: str
    sorts: Sequence[str]

    def cut(self, queryset: QuerySet[Any], query: dict[str, str]) -> Page:
        """Return the page of ``queryset`` that ``query`` asks for."""
        limit, sort = _limit(query.get("limit")), self._sort(query.get("sort"))
        after, before = query.get("starting_after"), query.get("ending_before")
        if after and before:
            raise ValidationFailed(
                "starting_after and ending_before exclude each other.", param="ending_before"
            )
        mark = after or before
        if mark is None:
            rows = list(queryset.order_by(sort, _tie(sort))[: limit + 1])
            return self._page(rows, limit, sort)
        value, key = self._read(mark, sort, queryset, "starting_after" if after else "ending_before")
        effective = _reversed(sort) if before else sort
        ahead = _beyond(queryset, effective, value, key).order_by(effective, _tie(effective))
        rows = list(ahead[: limit + 1])
        if not before:
            return self._page(rows, limit, sort)
        # Whoever pages backwards came from a page that follows this one.
        found = rows[:limit][::-1]
        cursor = self._write(sort, found[-1]) if found else None
        return Page(found, has_more=bool(found), next_cursor=cursor)

    def _page(self, rows: list[Any], limit: int, sort: str) -> Page:
        more = len(rows) > limit
        cursor = self._write(sort, rows[limit - 1]) if more else None
        return Page(rows[:limit], has_more=more, next_cursor=cursor)

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

    def _read(
        self, mark: str, sort: str, queryset: QuerySet[Any], param: str
    ) -> tuple[Any, str]:
        name = sort.removeprefix("-")
        if ids.SHAPE.fullmatch(mark):
            row = queryset.model._default_manager  # noqa: SLF001 - the documented way
            found = row.filter(pk=mark, tenant=self.place.split()[1]).values_list(name, "pk").first()
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
        return hmac.digest(key, b"cursor:" + self.place.encode() + b"\0" + body, "sha256")[:16]


def _limit(wanted: str | None) -> int:
    if wanted is None:
        return DEFAULT_LIMIT
    if wanted.isascii() and wanted.isdecimal() and len(wanted) <= 3 and 1 <= int(wanted) <= MAX_LIMIT:  # noqa: E501,PLR2004
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
