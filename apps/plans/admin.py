"""Plans, for the operator. What a plan allows is never changed: a version is added."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.office import Publishing, Record, Rows, person
from apps.plans import limits as rules
from apps.plans import services as plans
from apps.plans.models import Plan, PlanVersion, Subscription

EXAMPLE = [
    {"name": "burst", "kind": "rate", "scope": "application", "limit": 100, "window": 1},
    {"name": "month", "kind": "quota", "scope": "application", "limit": 100000, "period": "month"},
]


class LimitsForm(forms.ModelForm[Any]):
    """Limits as a list of policies, checked before they are published."""

    limits = forms.JSONField(
        widget=UnfoldAdminTextareaWidget({"rows": 12}),
        initial=EXAMPLE,
        help_text="Rates have a window in seconds, quotas a period: day or month.",
    )

    def clean_limits(self) -> Any:
        """Refuse what no gateway could enforce."""
        limits = self.cleaned_data["limits"]
        try:
            rules.parse(limits)
        except rules.Invalid as error:
            raise forms.ValidationError(str(error)) from error
        return limits


class Versions(Rows):
    """How the plan changed."""

    model = PlanVersion
    fields: ClassVar = ["number", "limits", "created_at"]


@admin.register(Plan)
class PlanAdmin(Publishing):
    """What applications may be put on."""

    list_display: ClassVar = ["name", "slug", "is_default"]
    fields: ClassVar = ["slug", "name", "is_default"]
    form = LimitsForm
    inlines: ClassVar = [Versions]

    def get_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[str]:
        """Ask for the first version with a new plan."""
        return list(self.fields) if obj else [*self.fields, "limits"]

    def get_inlines(self, request: HttpRequest, obj: Plan | None) -> list[Any]:
        """Show no versions while a plan is being added."""
        return list(self.inlines) if obj else []

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Publish the plan."""
        version = plans.publish(
            obj.slug,
            name=obj.name,
            limits=form.cleaned_data["limits"],
            is_default=obj.is_default,
            actor=person(request),
        )
        obj.pk = version.plan.pk


@admin.register(PlanVersion)
class PlanVersionAdmin(Publishing):
    """What each plan allowed and allows. Applications stay on theirs until they are moved."""

    list_display: ClassVar = ["plan", "number", "created_at"]
    list_filter: ClassVar = ["plan"]
    list_select_related: ClassVar = ["plan"]
    form = LimitsForm

    def get_fields(self, request: HttpRequest, obj: PlanVersion | None = None) -> list[str]:
        """Leave the number to the service."""
        return ["plan", "number", "limits", "created_at"] if obj else ["plan", "limits"]

    def save_model(self, request: HttpRequest, obj: PlanVersion, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Publish the version."""
        published = plans.publish(
            obj.plan.slug, name=obj.plan.name, limits=obj.limits, actor=person(request)
        )
        obj.pk, obj.number = published.pk, published.number


@admin.register(Subscription)
class SubscriptionAdmin(Record):
    """Who is on what."""

    list_display: ClassVar = ["application", "version", "since"]
    list_filter: ClassVar = ["version__plan"]
    list_select_related: ClassVar = ["application", "version__plan"]
    search_fields: ClassVar = ["application__name"]
    fields: ClassVar = ["application", "version", "since"]
