"""Parts of OpenAPI documents that are neither an operation's nor an object's own."""

import inspect
from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from rest_framework import serializers


class Problems(serializers.Serializer[Any]):
    """An error: RFC 9457, with a stable `code` and the page that explains it."""

    type = serializers.URLField(help_text="The page about this code.")
    title = serializers.CharField(help_text="What this code means, the same every time.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="What happened this time, with values.")
    code = serializers.CharField(help_text="Stable, for programs to compare.")
    param = serializers.CharField(required=False, help_text="The parameter at fault.")
    errors = serializers.ListField(  # type: ignore[assignment] # the document's name for it
        child=serializers.DictField(),
        required=False,
        help_text="Each parameter at fault with `param`, `code` and `detail`.",
    )
    request_id = serializers.CharField(required=False, help_text="Also in Trellis-Request-Id.")
    instance = serializers.URLField(required=False, help_text="The explanation of this request.")

    class Meta:
        """Its name in documents."""

        ref_name = "Problem"


class CredentialExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    """Describe how a developer authenticates: with the gateway's credential."""

    target_class = "apps.core.rest.authentication.GatewayAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`trl_test_…` in a sandbox) or an access token.",
        }


class Link(serializers.Field[Any, Any, Any, Any]):
    """A member that holds an identifier or, expanded, the object."""

    def __init__(self, target: Any, **options: Any) -> None:
        """``target`` is the object's serializer, or a function that returns it."""
        self.target = target
        super().__init__(read_only=True, **options)


class LinkExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    """Describe a Link: the identifier, or the object."""

    target_class = "apps.core.rest.components.Link"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return both possibilities."""
        target = self.target.target
        component = auto_schema.resolve_serializer(
            target() if inspect.isfunction(target) else target, direction
        )
        return {"oneOf": [{"type": "string"}, component.ref]}


class MetadataExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    """Describe ``metadata``."""

    target_class = "apps.core.rest.fields.Metadata"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return an object of strings."""
        return {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": 500},
            "maxProperties": 50,
        }


def moment(words: str, *, null: bool = True) -> serializers.DateTimeField:
    """Describe a time."""
    return serializers.DateTimeField(allow_null=null, help_text=words)


def text(words: str, *, null: bool = True) -> serializers.CharField:
    """Describe a text."""
    return serializers.CharField(allow_null=null, help_text=words)


def texts(words: str) -> serializers.ListField:
    """Describe a list of texts."""
    return serializers.ListField(child=serializers.CharField(), help_text=words)
