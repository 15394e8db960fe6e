"""APIs: imported from documents, then shown to some and treated in a way."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.accounts.models import User
from apps.catalog import caching, importing
from apps.catalog import services as catalog
from apps.catalog.forms import (
    Change,
    PolicyForm,
    PurgeForm,
    VisibilityForm,
)
from apps.catalog.import_forms import DocumentForm, PublishForm
from apps.catalog.models import Api, ApiVersion, Draft, Partner
from apps.core.errors import Problem
from apps.core.office import Record, Rows, coloured, decision, person
from apps.orgs.models import Organization

SHOWN = 300  # changes on a page
COLOURS: dict[str, str] = {"public": "success", "partner": "info", "internal": "warning"}
CHANGE_API = "catalog.change_api"


def imported(api: Api) -> bool:
    """Tell whether an API is served elsewhere."""
    return api.backend == Api.Backend.UPSTREAM


class Versions(Rows):
    """Majors side by side."""

    model = ApiVersion
    fields: ClassVar = ["major", "upstream", "base", "deprecated_at", "sunset_at", "updated_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiVersion]:
        """Leave the documents where they are: they are large."""
        rows: QuerySet[ApiVersion] = super().get_queryset(request)
        return rows.select_related("api", "upstream").defer("document")


class Partners(Rows):
    """Who may know of it although it is not for everybody."""

    model = Partner
    fields: ClassVar = ["organization", "since"]
    show_change_link = False


@admin.register(Api)
class ApiAdmin(Record):
    """Published APIs."""

    list_display: ClassVar = ["name", "slug", "backend", "known_to", "created_at"]
    list_filter: ClassVar = ["visibility", "backend"]
    search_fields: ClassVar = ["name", "slug"]
    fields: ClassVar = [
        *("id", "slug", "name", "description", "backend", "visibility", "policy", "created_at")
    ]
    inlines: ClassVar = [Versions, Partners]
    actions_list: ClassVar = ["import_document"]
    actions_detail: ClassVar = [
        *("change_policy", "change_visibility", "purge_answers", "withdraw")
    ]

    @coloured("Known to", COLOURS, ordering="visibility")
    def known_to(self, api: Api) -> tuple[str, str]:
        """Return who may know of it."""
        return api.visibility, api.get_visibility_display()

    @decision("Change policy", permission=CHANGE_API, form=PolicyForm)
    def change_policy(self, api: Api, reason: str, actor: User, *, policy: Any, **_: Any) -> None:
        """Let gateways treat its requests in another way."""
        catalog.change_api(api, policy=policy, reason=reason, actor=actor)

    @decision("Change who may know of it", permission=CHANGE_API, form=VisibilityForm)
    def change_visibility(
        self,
        api: Api,
        reason: str,
        actor: User,
        *,
        visibility: str,
        partners: list[Organization],
    ) -> None:
        """Show it to others, or hide it."""
        catalog.show_to(api, visibility=visibility, partners=partners, reason=reason, actor=actor)

    @decision("Forget kept answers", permission=CHANGE_API, form=PurgeForm)
    def purge_answers(self, api: Api, reason: str, actor: User, *, tag: str) -> None:
        """Let gateways ask the service again."""
        caching.purge(api, tag=tag, reason=reason, actor=actor)

    @decision(
        "Withdraw",
        permission="catalog.delete_api",
        offered=imported,
        variant=ActionVariant.DANGER,
        form=Change,
    )
    def withdraw(self, api: Api, reason: str, actor: User) -> None:
        """Take it out of the catalog."""
        catalog.withdraw(api, reason=reason, actor=actor)

    def page_of(self, subject: Any) -> str:
        """Return to the list when the row is gone."""
        return super().page_of(subject) if subject.pk else reverse("admin:catalog_api_changelist")

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which the difference is shown."""
        page = self.admin_site.admin_view(self.publish_draft)
        return [path("drafts/<str:pk>/", page, name="catalog_draft"), *super().get_urls()]

    @action(description="Import an OpenAPI document", url_path="import")  # type: ignore[untyped-decorator]  # unfold has no types
    def import_document(self, request: HttpRequest) -> HttpResponse:
        """Read a document from a file, an address or a text."""
        _may_publish(request)
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = DocumentForm(*given)
        if form.is_valid():
            told = form.cleaned_data
            draft = importing.keep(told["document"], source=told["source"], actor=person(request))
            try:
                importing.suggest(draft)
            except Problem as problem:
                form.add_error(None, problem.detail)
            else:
                return redirect("admin:catalog_draft", draft.pk)
        words = "OpenAPI 3.0 or 3.1, as JSON or YAML. Nothing is published before you saw what."
        return self._page(request, form, "Import an OpenAPI document", words, "Read it")

    def publish_draft(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Show what a document would change; publish it once this was seen."""
        _may_publish(request)
        draft = get_object_or_404(Draft, pk=pk, created_by=person(request).pk)
        form = PublishForm(request.POST or None, initial=importing.suggest(draft))
        title = "Publish an OpenAPI document"
        found: importing.Comparison | None = None
        if form.is_valid():
            told = dict(form.cleaned_data)
            try:
                found = importing.compare(draft, slug=told["slug"], major=told["major"])
                if request.POST.get("seen") == found.mark:
                    version = importing.publish(draft, actor=person(request), **told)
                    messages.success(request, f"{version} is published.")
                    return redirect("admin:catalog_apiversion_change", version.pk)
            except Problem as problem:
                form.add_error(None, problem.detail)
        if found is None or not found.breaking:
            del form.fields["breaking"]  # Nobody is asked what nothing depends on.
        button = "Publish it" if found else "Show the difference"
        return self._page(request, form, title, draft.source, button, found=found, shown=SHOWN)

    def _page(
        self,
        request: HttpRequest,
        form: Any,
        title: str,
        words: str,
        button: str,
        **more: Any,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "words": words,
            "button": button,
            "back": reverse("admin:catalog_api_changelist"),
            **more,
        }
        return render(request, "admin/import.html", context)


def _may_publish(request: HttpRequest) -> None:
    if not person(request).has_perm("catalog.add_apiversion"):
        raise PermissionDenied
