"""Model fields shared by every app."""

from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from apps.core import ids

NOBODY = UUID(int=0)  # No row has this key: a malformed identifier finds nothing, as a missing one.


class IdField(models.Field[str, str]):
    """A primary key that says what it names: ``key_01K2…``, kept as ``uuid`` in PostgreSQL."""

    description = "Prefixed identifier"

    def __init__(self, prefix: str = "", **options: Any) -> None:
        self.prefix = prefix
        options |= {"primary_key": True, "editable": False, "default": partial(ids.new, prefix)}
        super().__init__(**options)

    def deconstruct(self) -> Any:
        """Leave out what the prefix implies."""
        name, path, args, options = super().deconstruct()
        for implied in ("default", "primary_key", "editable"):
            options.pop(implied, None)
        return name, path, args, {"prefix": self.prefix, **options}

    def get_internal_type(self) -> str:
        """Let PostgreSQL store 16 bytes."""
        return "UUIDField"

    def from_db_value(self, value: UUID | None, *_: object) -> str | None:
        """Put the prefix back."""
        return None if value is None else ids.encode(self.prefix, value)

    def to_python(self, value: Any) -> str | None:
        """Accept an identifier of this kind; refuse any other."""
        if value is None:
            return None
        try:
            self._parse(value)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        return str(value)

    def get_prep_value(self, value: Any) -> Any:
        """Return the UUID to look for; something malformed matches no row."""
        value = super().get_prep_value(value)
        if value is None or isinstance(value, UUID):
            return value
        try:
            return self._parse(value)
        except ValueError:
            return NOBODY

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """Hand psycopg a UUID."""
        return value if prepared else self.get_prep_value(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Never store a malformed identifier."""
        if value is not None and not isinstance(value, UUID):
            value = self._parse(value)
        return super().get_db_prep_save(value, connection)

    def value_to_string(self, obj: models.Model) -> str:
        """Serialise as the prefixed text."""
        return str(self.value_from_object(obj))

    def _parse(self, value: Any) -> UUID:
        prefix, parsed = ids.decode(str(value))
        if prefix != self.prefix:
            raise ValueError(f"{value!r} is not a {self.prefix}_ identifier.")
        return parsed
