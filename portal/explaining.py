"""What a page says about a request: the ladder of decisions, why it ended, and what mends it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.orgs import permissions
from apps.usage import decisions, fixes
from apps.usage import selectors as usage
from apps.usage.decisions import Decision
from apps.usage.fixes import Fix
from portal import library
from portal.library import ErrorPage
from portal.request import may


@dataclass(frozen=True, slots=True)
class Explanation:
    """A request explained to one reader; ``able`` says whether the reader's role may mend it."""

    row: usage.RequestRow
    ladder: list[Decision]
    failing: Decision | None
    fix: Fix | None
    able: bool
    page: ErrorPage | None

    @property
    def roles(self) -> str:
        """Return who may mend it, in words."""
        return permissions.those_who_may(self.fix.action) if self.fix and self.fix.action else ""

    @property
    def documented_elsewhere(self) -> bool:
        """Tell whether the code has a page, and what mends it leads to another one."""
        own = reverse("portal:error", args=[self.row.code]) if self.page else ""
        return bool(own) and (self.fix is None or self.fix.path != own)

    @property
    def values(self) -> dict[str, str]:
        """Return the failing decision's values, as a table shows them."""
        return table(self.failing.values) if self.failing else {}


def explain(request: HttpRequest, row: usage.RequestRow) -> Explanation:
    """Explain ``row`` to who asks."""
    ladder = decisions.ladder(row.trace or [], row.status)
    failing = decisions.failing(ladder)
    fix = fixes.fix(row, failing)
    able = fix is not None and (not fix.action or may(request, fix.action))
    pages = {page.code: page for page in library.errors()}
    return Explanation(row, ladder, failing, fix, able, pages.get(row.code))


def table(values: dict[str, Any]) -> dict[str, str]:
    """Return values by name, without nesting: ``left.burst`` becomes a name."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": _said(said) for inner, said in value.items()}
        else:
            flat[name] = _said(value)
    return flat


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
