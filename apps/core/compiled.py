"""Queries whose SQL is written once.

Django writes the SQL of a QuerySet anew each time; for one row by its key that costs several times
what PostgreSQL needs to find it. Used where a query is on the path of most requests.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.core import ids
from apps.core.fields import NOBODY


class OneRow:
    """Finds one row of ``build(*keys)``, a QuerySet that is filtered by prefixed identifiers.

    ``prefixes`` are those of the keys. The SQL is compiled with stand-ins for them; each run puts
    the keys in their places.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]], *, prefixes: tuple[str, ...]) -> None:
        """Compile nothing yet: models may still be loading."""
        self._build = build
        self._prefixes = prefixes

    def find(self, *keys: str) -> Any:
        """Return the row, or None; a malformed key finds nothing."""
        sql, params, compiler, converters = self._compiled
        values = {
            stand_in: _uuid(key, prefix)
            for stand_in, key, prefix in zip(self._stand_ins, keys, self._prefixes, strict=True)
        }
        with connection.cursor() as cursor:
            cursor.execute(sql, [values.get(param, param) for param in params])
            row = cursor.fetchone()
        if row is None:
            return None
        (row,) = compiler.apply_converters([list(row)], converters)
        return self._object(row)

    @cached_property
    def _stand_ins(self) -> list[UUID]:
        return [UUID(int=number + 1) for number in range(len(self._prefixes))]

    @cached_property
    def _compiled(self) -> tuple[str, tuple[Any, ...], Any, Any]:
        pairs = zip(self._prefixes, self._stand_ins, strict=True)
        queryset = self._build(*(ids.encode(prefix, value) for prefix, value in pairs))
        compiler = queryset.query.get_compiler("default")
        sql, params = compiler.as_sql()
        return sql, params, compiler, compiler.get_converters([c[0] for c in compiler.select])

    @cached_property
    def _columns(self) -> tuple[Any, slice, list[str], list[tuple[str, int]]]:
        """Return the model, where its columns are, their names, and where annotations are."""
        compiler = self._compiled[2]
        info = compiler.klass_info
        fields = info["select_fields"]
        names = [compiler.select[at][0].target.attname for at in fields]
        place = slice(fields[0], fields[-1] + 1)
        return info["model"], place, names, list(compiler.annotation_col_map.items())

    def _object(self, row: list[Any]) -> Any:
        model, place, names, annotations = self._columns
        found = model.from_db("default", names, row[place])
        for name, at in annotations:
            setattr(found, name, row[at])
        return found


def _uuid(key: str, prefix: str) -> UUID:
    try:
        found, value = ids.decode(key)
    except ValueError:
        return NOBODY
    return value if found == prefix else NOBODY
