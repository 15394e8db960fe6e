"""What requests are checked against: strict about names and types.

Django REST framework ignores members it does not know and turns ``"3"`` into 3. Here both are
errors, so that a typing error is never taken for a wish.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from apps.core import ids
from apps.core.rest.problems import NO_SUCH_PARAMETER, UNKNOWN

METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500


class Strict(serializers.Serializer[Any]):
    """A serializer that refuses members it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Check ``data``; unknown members are reported beside every other error."""
        unknown = _unknown(data, self.fields)
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **unknown}) from None
            raise
        if unknown:
            raise ValidationError(unknown)
        return value


def _unknown(data: Any, known: Any) -> dict[str, list[ErrorDetail]]:
    if not isinstance(data, dict):
        return {}
    return {
        name: [ErrorDetail(NO_SUCH_PARAMETER, code=UNKNOWN)]
        for name in data
        if name not in known or known[name].read_only
    }


class Text(serializers.CharField):
    """A string, and nothing that could be turned into one."""

    def to_internal_value(self, data: Any) -> str:
        """Return the string, trimmed."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number as JSON writes it."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    """True or false, and no word for it."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Id(serializers.CharField):
    """The identifier of one kind of object."""

    default_error_messages = {"prefix": "This is not an identifier that begins with {prefix}_."}

    def __init__(self, prefix: str, **options: Any) -> None:
        """``prefix`` says which kind."""
        self.prefix = prefix
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        """Return the identifier as it came."""
        try:
            prefix, _ = ids.decode(data)
        except (TypeError, ValueError):
            prefix = ""
        if prefix != self.prefix:
            self.fail("prefix", prefix=self.prefix)
        return str(data)


class Currency(Text):
    """An ISO 4217 code in lower case, such as ``eur``."""

    default_error_messages = {"currency": "This is not a three-letter currency code."}

    def to_internal_value(self, data: Any) -> str:
        """Return the code in lower case."""
        code = super().to_internal_value(data).lower()
        if not (len(code) == 3 and code.isascii() and code.isalpha()):  # noqa: PLR2004 - ISO 4217
            self.fail("currency")
        return code


class Metadata(serializers.Field[Any, Any, Any, Any]):
    """Up to 50 strings that belong to the caller."""

    default_error_messages = {
        "type": "This must be an object of strings.",
        "keys": f"At most {METADATA_KEYS} keys are kept.",
        "key": f"The key {{name!r}} is empty or longer than {METADATA_KEY_LENGTH} characters.",
        "value": (
            f"The value of {{name!r}} is no string of at most {METADATA_VALUE_LENGTH} characters."
        ),
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Return the object, checked."""
        if not isinstance(data, dict):
            self.fail("type")
        if len(data) > METADATA_KEYS:
            self.fail("keys")
        for key, value in data.items():
            if not 0 < len(key) <= METADATA_KEY_LENGTH:
                self.fail("key", name=key[:METADATA_KEY_LENGTH])
            if not isinstance(value, str) or len(value) > METADATA_VALUE_LENGTH:
                self.fail("value", name=key)
        return data

    def to_representation(self, value: Any) -> Any:
        """Return the object as it is."""
        return value
