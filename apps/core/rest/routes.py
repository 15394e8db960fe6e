"""Which method of a view answers which HTTP method, for the usual paths."""

from typing import Any, Final

Actions = dict[str, Any]

LISTED: Final[Actions] = {"get": "list"}
MANY: Final[Actions] = {**LISTED, "post": "create"}
SHOWN: Final[Actions] = {"get": "retrieve"}
ONE: Final[Actions] = {**SHOWN, "patch": "partial_update"}
ENDABLE: Final[Actions] = {**SHOWN, "delete": "destroy"}
DELETABLE: Final[Actions] = {**ONE, "delete": "destroy"}
