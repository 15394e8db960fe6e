"""The catalog, for the operator. It is published from OpenAPI documents, never typed."""

from typing import ClassVar

from django.contrib import admin

from apps.catalog.models import Api, ApiVersion, Operation, Scope
from apps.core.office import Record, Rows


class Operations(Rows):
    """What a version offers."""

    model = Operation
    fields: ClassVar = ["method", "path", "name", "scopes", "cost"]


class Versions(Rows):
    """Majors side by side."""

    model = ApiVersion
    fields: ClassVar = ["major", "updated_at"]


@admin.register(Api)
class ApiAdmin(Record):
    """Published APIs."""

    list_display: ClassVar = ["name", "slug", "backend", "created_at"]
    search_fields: ClassVar = ["name", "slug"]
    fields: ClassVar = ["id", "slug", "name", "description", "backend", "created_at"]
    inlines: ClassVar = [Versions]


@admin.register(ApiVersion)
class ApiVersionAdmin(Record):
    """Their versions."""

    list_display: ClassVar = ["__str__", "digest", "updated_at"]
    list_select_related: ClassVar = ["api"]
    fields: ClassVar = ["id", "api", "major", "digest", "updated_at"]
    inlines: ClassVar = [Operations]


@admin.register(Operation)
class OperationAdmin(Record):
    """Methods and paths."""

    list_display: ClassVar = ["name", "method", "path", "version", "cost"]
    list_filter: ClassVar = ["method"]
    list_select_related: ClassVar = ["version__api"]
    search_fields: ClassVar = ["name", "path"]
    fields: ClassVar = ["id", "version", "name", "method", "path", "summary", "scopes", "cost"]


@admin.register(Scope)
class ScopeAdmin(Record):
    """Rights in words for people."""

    list_display: ClassVar = ["name", "title", "risk"]
    list_filter: ClassVar = ["risk"]
    search_fields: ClassVar = ["name", "title"]
    fields: ClassVar = ["name", "title", "risk"]
