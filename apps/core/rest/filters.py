"""By what lists of several APIs can be filtered."""

from datetime import UTC, datetime
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django_filters.fields import IsoDateTimeField


def matching(words: str, field: str | None = None, lookup: str = "exact") -> filters.CharFilter:
    """Return a filter by text; ``words`` describe it, ``field`` is its own name by default."""
    return filters.CharFilter(field_name=field, lookup_expr=lookup, help_text=words)


class Instant(IsoDateTimeField):  # type: ignore[misc]  # django-filter has no types
    """A time, brought to UTC: PostgreSQL knows no offsets beyond 16 hours."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the time."""
        found: datetime | None = super().to_python(value)
        try:
            return found.astimezone(UTC) if found else None
        except OverflowError:
            raise ValidationError("This time is not in any calendar.", code="overflow") from None


class InstantFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]  # as above
    """By a time."""

    field_class = Instant


class Dated(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """By time of creation."""

    created_after = InstantFilter(
        field_name="created_at", lookup_expr="gte", help_text="Created at this time or later."
    )
    created_before = InstantFilter(
        field_name="created_at", lookup_expr="lt", help_text="Created before this time."
    )
