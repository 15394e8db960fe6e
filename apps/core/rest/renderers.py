"""Answers as JSON, written by orjson."""

from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def dumps(data: Any) -> bytes:
    """Return ``data`` as JSON; times become RFC 3339 in UTC."""
    return orjson.dumps(data, option=OPTIONS)


class JSONRenderer(BaseRenderer):
    """The one format of every API."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        """Return ``data`` as JSON, and nothing at all for None."""
        return b"" if data is None else dumps(data)
