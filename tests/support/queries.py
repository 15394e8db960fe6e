"""How many queries something costs, and how PostgreSQL runs them."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


class Queries:
    """Counts and explains the queries of a call."""

    def of(self, call: Callable[[], object]) -> int:
        """Return how many queries ``call`` costs."""
        return len(self._captured(call))

    def plan_of(self, call: Callable[[], object], table: str) -> str:
        """Return PostgreSQL's plan for the first query of ``call`` that reads ``table``."""
        sql = next(sql for sql in self._captured(call) if f'FROM "{table}"' in sql)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            return "\n".join(line for (line,) in cursor.fetchall())

    def _captured(self, call: Callable[[], object]) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            call()
        return [query["sql"] for query in captured.captured_queries]
