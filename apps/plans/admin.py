"""Plans, for the operator. What a plan allows is never changed: a version is added."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from apps.accounts.models import User
from apps.core.office import Publishing, Reason, Record, Rows, coloured, decision, person
from apps.plans import changes, overrides
from apps.plans import limits as rules
from apps.plans import services as plans
from apps.plans.models import ChangeRequest, Override, Plan, PlanVersion, Subscription

EXAMPLE = [
    {"name": "burst", "kind": "rate", "scope": "application", "limit": 100, "window": 1},
    {"name": "month", "kind": "quota", "scope": "application", "limit": 100000, "period": "month"},
]
HELP = (
    "Rates have a window in seconds and perhaps a burst, quotas a period: day or month, "
    "concurrency neither. Scope is application, key or subject. A shadow refuses nothing."
)
STATES: dict[str, str] = {
    "waiting": "warning",
    "approved": "success",
    "declined": "danger",
    "withdrawn": "info",
}


def _sensible(limits: Any) -> Any:
    """Refuse what no gateway could enforce."""
    try:
        rules.parse(limits)
    except rules.Invalid as error:
        raise forms.ValidationError(str(error)) from error
    return limits


class LimitsForm(forms.ModelForm[Any]):
    """Limits as a list of policies, checked before they are published."""

    limits = forms.JSONField(
        widget=UnfoldAdminTextareaWidget({"rows": 12}), initial=EXAMPLE, help_text=HELP
    )

    def clean_limits(self) -> Any:
        """Refuse what no gateway could enforce."""
        return _sensible(self.cleaned_data["limits"])


class OverrideForm(Reason):
    """Other limits, and until when."""

    limits = forms.JSONField(
        widget=UnfoldAdminTextareaWidget({"rows": 8}),
        help_text="Each takes the place of its namesake in the plan, or is added. " + HELP,
    )
    ends_at = forms.SplitDateTimeField(
        label="Until (UTC)", widget=UnfoldAdminSplitDateTimeWidget(), help_text="A year at most."
    )
    field_order = ["limits", "ends_at", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds now."""
        super().__init__(*args, **kwargs)
        self.initial["limits"] = self.subject.version.limits

    def clean_limits(self) -> Any:
        """Refuse what no gateway could enforce."""
        return _sensible(self.cleaned_data["limits"])


class Versions(Rows):
    """How the plan changed."""

    model = PlanVersion
    fields: ClassVar = ["number", "limits", "created_at"]


@admin.register(Plan)
class PlanAdmin(Publishing):
    """What applications may be put on."""

    list_display: ClassVar = ["name", "slug", "is_default", "is_public"]
    fields: ClassVar = ["slug", "name", "summary", "is_default", "is_public"]
    form = LimitsForm
    inlines: ClassVar = [Versions]
    actions_detail: ClassVar = ["offer", "withdraw"]

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
            is_public=obj.is_public,
            summary=obj.summary,
            actor=person(request),
        )
        obj.pk = version.plan.pk

    @decision(
        "Offer to developers", permission="plans.add_plan", offered=lambda plan: not plan.is_public
    )
    def offer(self, plan: Plan, reason: str, actor: User) -> None:
        """Let developers ask for it."""
        plans.offer(plan, public=True, reason=reason, actor=actor)

    @decision("Offer no longer", permission="plans.add_plan", offered=lambda plan: plan.is_public)
    def withdraw(self, plan: Plan, reason: str, actor: User) -> None:
        """Let nobody ask for it any more; who is on it stays."""
        plans.offer(plan, public=False, reason=reason, actor=actor)


@admin.register(PlanVersion)
class PlanVersionAdmin(Publishing):
    """What each plan allowed and allows. Applications stay on theirs until they are moved."""

    list_display: ClassVar = ["plan", "number", "created_at"]
    list_filter: ClassVar = ["plan"]
    list_select_related: ClassVar = ["plan"]
    form = LimitsForm
    change_form_after_template = "admin/try_limits.html"

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
    actions_detail: ClassVar = ["override"]

    @decision("Other limits for a while", permission="plans.add_override", form=OverrideForm)
    def override(
        self,
        subscription: Subscription,
        reason: str,
        actor: User,
        *,
        limits: list[dict[str, Any]],
        ends_at: datetime,
    ) -> None:
        """Give the application other limits until a time."""
        overrides.override(
            subscription.application, limits=limits, ends_at=ends_at, reason=reason, actor=actor
        )


@admin.register(Override)
class OverrideAdmin(Record):
    """Who has other limits than the plan's, until when, and why."""

    list_display: ClassVar = ["application", "standing", "ends_at", "reason", "made_by"]
    list_filter: ClassVar = [("ended_at", admin.EmptyFieldListFilter)]
    list_select_related: ClassVar = ["application", "made_by"]
    search_fields: ClassVar = ["application__name", "reason"]
    fields: ClassVar = [
        "application",
        "limits",
        "reason",
        "made_by",
        "created_at",
        "ends_at",
        "ended_at",
    ]
    actions_detail: ClassVar = ["end"]

    @coloured("State", {"in force": "warning", "over": "info"})
    def standing(self, override: Override) -> str:
        """Tell whether it holds."""
        return "in force" if override.holds else "over"

    @decision(
        "End now",
        permission="plans.add_override",
        offered=lambda override: override.holds,
        variant=ActionVariant.DANGER,
    )
    def end(self, override: Override, reason: str, actor: User) -> None:
        """Let the plan's own limits hold again."""
        overrides.end(override, reason=reason, actor=actor)


@admin.register(ChangeRequest)
class ChangeRequestAdmin(Record):
    """Which plans developers ask for."""

    list_display: ClassVar = ["application", "plan", "standing", "created_at"]
    list_filter: ClassVar = ["state", "plan"]
    list_select_related: ClassVar = ["application", "plan"]
    search_fields: ClassVar = ["application__name", "reason"]
    fields: ClassVar = [
        "application",
        "current",
        "plan",
        "reason",
        "state",
        "requested_by",
        "created_at",
        "decided_by",
        "decided_at",
        "decision_reason",
    ]
    readonly_fields: ClassVar = ["current"]
    actions_detail: ClassVar = ["approve", "decline"]

    @coloured("State", STATES, ordering="state")
    def standing(self, request: ChangeRequest) -> str:
        """Return the state in its colour."""
        return request.state

    @admin.display(description="On now")
    def current(self, request: ChangeRequest) -> str:
        """Say which plan the application is on."""
        subscription = Subscription.objects.filter(pk=request.application_id).first()
        return str(subscription.version) if subscription else "no plan"

    @decision(
        "Approve",
        permission="plans.decide_changerequest",
        offered=lambda request: request.state == ChangeRequest.State.WAITING,
        variant=ActionVariant.SUCCESS,
    )
    def approve(self, request: ChangeRequest, reason: str, actor: User) -> None:
        """Put the application on the plan."""
        changes.approve(request, reason=reason, actor=actor)

    @decision(
        "Decline",
        permission="plans.decide_changerequest",
        offered=lambda request: request.state == ChangeRequest.State.WAITING,
        variant=ActionVariant.DANGER,
    )
    def decline(self, request: ChangeRequest, reason: str, actor: User) -> None:
        """Leave the application where it is."""
        changes.decline(request, reason=reason, actor=actor)
