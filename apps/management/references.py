"""Objects that a body names."""

from typing import Any

from django.db.models import QuerySet

from apps.core.errors import Unprocessable


def referenced(rows: QuerySet[Any], key: str, param: str, *, named_by: str = "pk") -> Any:
    """Return the one of ``rows`` that ``param`` names; what the caller cannot see is not there."""
    found = rows.filter(**{named_by: key}).first()
    if found is None:
        raise Unprocessable(f"There is no {param} {key[:80]} for this credential.", param=param)
    return found
