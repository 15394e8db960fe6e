"""Versions, operations, scopes and upstreams."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from unfold.enums import ActionVariant

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.forms import Change, EndForm, PlaceForm, Serving, ServingForm, TuningForm
from apps.catalog.models import ApiVersion, Operation, Scope, Target, Upstream
from apps.core.errors import Problem
from apps.core.office import Publishing, Record, Rows, decision, person

CHANGE_VERSION = "catalog.change_apiversion"


def served(version: ApiVersion) -> bool:
    """Tell whether a version is served elsewhere."""
    return version.upstream_id is not None


class Operations(Rows):
    """What a version offers."""

    model = Operation
    fields: ClassVar = ["method", "path", "name", "scopes", "cost", "policy"]


class Targets(Rows):
    """Its addresses."""

    model = Target
    fields: ClassVar = ["url", "weight"]
    show_change_link = False


@admin.register(ApiVersion)
class ApiVersionAdmin(Record):
    """Their versions."""

    list_display: ClassVar = ["__str__", "upstream", "deprecated_at", "sunset_at", "updated_at"]
    list_select_related: ClassVar = ["api", "upstream"]
    fields: ClassVar = [
        *("id", "api", "major", "upstream", "base", "deprecated_at", "sunset_at", "guide"),
        *("digest", "updated_at"),
    ]
    inlines: ClassVar = [Operations]
    actions_detail: ClassVar = ["change_place", "change_end"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiVersion]:
        """Leave the documents where they are: they are large."""
        rows: QuerySet[ApiVersion] = super().get_queryset(request)
        return rows.select_related("api").defer("document")

    @decision(
        "Change where it is served", permission=CHANGE_VERSION, offered=served, form=PlaceForm
    )
    def change_place(
        self, version: ApiVersion, reason: str, actor: User, *, upstream: Upstream, base: str
    ) -> None:
        """Send its requests elsewhere."""
        catalog.change_version(version, upstream=upstream, base=base, reason=reason, actor=actor)

    @decision("Say when it ends", permission=CHANGE_VERSION, form=EndForm)
    def change_end(self, version: ApiVersion, reason: str, actor: User, **told: Any) -> None:
        """Announce its end."""
        catalog.change_version(version, reason=reason, actor=actor, **told)


@admin.register(Operation)
class OperationAdmin(Record):
    """Methods and paths."""

    list_display: ClassVar = ["name", "method", "path", "version", "cost"]
    list_filter: ClassVar = ["method"]
    search_fields: ClassVar = ["name", "path"]
    fields: ClassVar = [
        *("id", "version", "name", "method", "path", "summary", "scopes", "cost", "own_cost"),
        *("deprecated", "policy"),
    ]
    actions_detail: ClassVar = ["tune"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """Leave the documents where they are: they are large."""
        rows: QuerySet[Operation] = super().get_queryset(request)
        return rows.select_related("version__api").defer("version__document")

    @decision("Change policy and cost", permission="catalog.change_operation", form=TuningForm)
    def tune(
        self, operation: Operation, reason: str, actor: User, *, policy: Any, cost: int | None
    ) -> None:
        """Treat it in another way than the rest of its API."""
        catalog.change_operation(operation, policy=policy, cost=cost, reason=reason, actor=actor)


@admin.register(Scope)
class ScopeAdmin(Record):
    """Rights in words for people."""

    list_display: ClassVar = ["name", "title", "risk"]
    list_filter: ClassVar = ["risk"]
    search_fields: ClassVar = ["name", "title"]
    fields: ClassVar = ["name", "title", "risk"]


class UpstreamForm(Serving, forms.ModelForm[Any]):
    """A new upstream."""

    class Meta:
        """Its name; the rest stands above."""

        model = Upstream
        fields: ClassVar = ["slug"]

    def clean(self) -> dict[str, Any]:
        """Refuse what the service would."""
        told = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                serving.check(told["slug"], told["targets"])
            except Problem as problem:
                raise forms.ValidationError(problem.detail) from problem
        return told


@admin.register(Upstream)
class UpstreamAdmin(Publishing):
    """Services behind the gateway."""

    list_display: ClassVar = ["slug", "created_at"]
    search_fields: ClassVar = ["slug"]
    form = UpstreamForm
    inlines: ClassVar = [Targets]
    actions_detail: ClassVar = ["change_serving", "remove"]

    def get_fields(self, request: HttpRequest, obj: Upstream | None = None) -> list[str]:
        """Ask for targets with a new one."""
        return ["id", "slug", "settings", "created_at"] if obj else ["slug", "targets", "settings"]

    def get_inlines(self, request: HttpRequest, obj: Upstream | None) -> list[Any]:
        """Show no targets while one is being added."""
        return list(self.inlines) if obj else []

    def save_model(self, request: HttpRequest, obj: Upstream, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Describe the upstream."""
        told = form.cleaned_data
        made = serving.set_upstream(
            obj.slug,
            targets=told["targets"],
            settings=told["settings"],
            actor=person(request),
        )
        obj.pk = made.pk

    @decision("Change targets and settings", permission="catalog.change_upstream", form=ServingForm)
    def change_serving(
        self, upstream: Upstream, reason: str, actor: User, *, targets: Any, settings: Any
    ) -> None:
        """Send requests elsewhere, or treat the service in another way."""
        serving.set_upstream(
            upstream.slug, targets=targets, settings=settings, reason=reason, actor=actor
        )

    @decision(
        "Remove",
        permission="catalog.delete_upstream",
        variant=ActionVariant.DANGER,
        form=Change,
    )
    def remove(self, upstream: Upstream, reason: str, actor: User) -> None:
        """Forget it; one that serves something stays."""
        serving.remove_upstream(upstream, reason=reason, actor=actor)

    def page_of(self, subject: Any) -> str:
        """Return to the list when the row is gone."""
        return (
            super().page_of(subject) if subject.pk else reverse("admin:catalog_upstream_changelist")
        )
