"""The declaration of one operation: what the view enforces is what the schema says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django_filters import FilterSet
from drf_spectacular.utils import extend_schema

from apps.core.errors import Problem
from apps.core.rest import pagination
from apps.core.rest.schema import Described, describe

READING = frozenset({"expand[]", "fields"})


@dataclass(frozen=True)
class Operation:
    """An operation: its ``operationId``, the scopes it needs, the query parameters it knows.

    ``once`` names members of its answer that are shown once and never kept, ``media`` the types of
    a body that is no JSON.
    """

    name: str
    scopes: frozenset[str]
    query: frozenset[str]
    filters: type[FilterSet] | None
    sorts: Sequence[str]
    once: Sequence[str] = ()
    media: Sequence[str] = ()


def operation(
    name: str,
    *,
    summary: str,
    scopes: Sequence[str],
    answer: Any = None,
    status: int = 200,
    body: Any = None,
    key: str = "",
    writes: bool = False,
    filters: type[FilterSet] | None = None,
    sorts: Sequence[str] = (),
    problems: Sequence[type[Problem]] = (),
    expands: Sequence[str] = (),
    example: Any = None,
    asks: Any = None,
    cost: int = 1,
    once: Sequence[str] = (),
    whole: bool = False,
    conditional: bool = False,
    media: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a view's method as an operation; its docstring becomes the description.

    ``answer`` and ``body`` are serializers, ``example`` and ``asks`` an example of each. ``sorts``
    makes it a list, ``key`` is the prefix of the identifier in its path, ``problems`` are those of
    its own beside those that every operation has. ``once`` names members that are shown once,
    ``whole`` says that members cannot be chosen, ``conditional`` that If-Match holds without a key,
    ``media`` that the body is a file of one of these types.
    """
    described = Described(
        name, summary, "", tuple(scopes), cost, answer, status, body, key, writes, filters,
        tuple(sorts), tuple(problems), tuple(expands), example, asks,
        whole, bool(key) or conditional, tuple(once), tuple(media),
    )  # fmt: skip
    return partial(_declare, described)


def _declare(described: Described, method: Callable[..., Any]) -> Callable[..., Any]:
    method.operation = Operation(  # type: ignore[attr-defined]  # read by the view
        described.name,
        frozenset(described.scopes),
        _query(described),
        described.filters,
        described.sorts,
        described.once,
        described.media,
    )
    said = replace(described, description=method.__doc__ or "")
    return extend_schema(**describe(said))(method)


def _query(described: Described) -> frozenset[str]:
    """Return the query parameters that the operation knows."""
    known = READING if described.answer and not described.whole else frozenset()
    if described.sorts:
        filters = described.filters.base_filters if described.filters else ()
        known |= pagination.PARAMETERS | frozenset(filters)
    return known
