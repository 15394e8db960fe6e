"""Usage of the whole platform, to look at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.models import User
from apps.core.office import Record
from apps.usage import selectors as usage
from apps.usage.models import Request

DAYS = 30
RECENT = 50


@admin.register(Request)
class UsageAdmin(Record):
    """Two pages of our own: counting or listing raw rows as Django does it would read them all."""

    fields: ClassVar[list[str]] = []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show totals, the busiest applications and the newest requests."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Usage",
            "opts": self.opts,
            "days": DAYS,
            "totals": usage.platform(days=DAYS),
            "top": usage.top(days=DAYS),
            "recent": usage.recent(limit=RECENT),
        }
        return render(request, "admin/usage.html", context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one request and how the gateway decided."""
        user = request.user
        if not (isinstance(user, User) and object_id and self.has_view_permission(request)):
            raise PermissionDenied
        found = usage.request(user, unquote(object_id))
        if found is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": f"{found.method} {found.path}",
            "opts": self.opts,
            "row": found,
        }
        return render(request, "admin/request.html", context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model | None:
        """Find nothing: no other page of Django's admin makes sense for a request."""
        return None
