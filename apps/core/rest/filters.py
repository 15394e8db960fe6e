"""By what lists of several APIs can be filtered."""

import django_filters as filters


def matching(words: str, field: str | None = None, lookup: str = "exact") -> filters.CharFilter:
    """Return a filter by text; ``words`` describe it, ``field`` is its own name by default."""
    return filters.CharFilter(field_name=field, lookup_expr=lookup, help_text=words)


class Dated(filters.FilterSet):  # type: ignore[misc]  # django-filter has no types
    """By time of creation."""

    created_after = filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Created at this time or later."
    )
    created_before = filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="lt", help_text="Created before this time."
    )
