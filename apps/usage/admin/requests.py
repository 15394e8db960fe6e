"""Usage of the whole platform, to look at."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.accounts.models import User
from apps.core.office import Record
from apps.plans import limits as rules
from apps.plans.models import Plan
from apps.usage import selectors as usage
from apps.usage.models import Request

DAYS = 30
RECENT = 50


class DraftForm(forms.Form):
    """Limits that are not published yet, and on whose requests of which days to try them."""

    plan = forms.ModelChoiceField(
        Plan.objects.order_by("name"),
        required=False,
        empty_label="Every application",
        widget=UnfoldAdminSelectWidget,
        help_text="Whose requests: those of the applications on this plan.",
    )
    limits = forms.JSONField(widget=UnfoldAdminTextareaWidget({"rows": 10}))
    days = forms.TypedChoiceField(
        coerce=int,
        required=False,
        choices=[(days, f"{days} days" if days > 1 else "Today") for days in usage.DAYS],
        widget=UnfoldAdminSelectWidget,
    )

    def clean(self) -> dict[str, Any]:
        """Read the limits as a gateway would."""
        cleaned = super().clean() or {}
        if "limits" in cleaned:
            try:
                cleaned["policies"] = rules.parse(cleaned["limits"])
            except rules.Invalid as error:
                self.add_error("limits", str(error))
        return cleaned


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

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a draft of limits is tried."""
        page = self.admin_site.admin_view(self.what_if)
        return [path("what-if/", page, name="usage_what_if"), *super().get_urls()]

    def what_if(self, request: HttpRequest) -> HttpResponse:
        """Show what a draft would have refused of what was recorded; it changes nothing."""
        user = request.user
        if not (self.has_view_permission(request) and user.has_perm("plans.add_planversion")):
            raise PermissionDenied
        form = DraftForm(request.POST or None)
        found = None
        if form.is_valid():
            told = form.cleaned_data
            found = usage.what_if(
                told["policies"], plan=told["plan"], days=told["days"] or usage.DAYS[0]
            )
        context = {
            **self.admin_site.each_context(request),
            "title": "What a draft of limits would have done",
            "opts": self.opts,
            "form": form,
            "found": found,
        }
        return render(request, "admin/what_if.html", context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model | None:
        """Find nothing: no other page of Django's admin makes sense for a request."""
        return None
