"""Tenants, for the operator."""

from typing import ClassVar

from django.contrib import admin

from apps.core.office import Record
from apps.tenants.models import Tenant


@admin.register(Tenant)
class TenantAdmin(Record):
    """Live data and sandboxes."""

    list_display: ClassVar = ["name", "organization", "kind", "seed", "created_at"]
    list_filter: ClassVar = ["kind"]
    list_select_related: ClassVar = ["organization"]
    search_fields: ClassVar = ["name", "organization__name"]
    fields: ClassVar = ["id", "organization", "kind", "name", "seed", "clock_offset", "created_at"]
