"""The changelog: what callers were told, to look at and to put into words."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.accounts.models import User
from apps.catalog import changelog
from apps.catalog.forms import Change
from apps.catalog.models import Entry
from apps.core.office import Record, decision


class WordsForm(Change):
    """What an operator says of an entry."""

    words = forms.CharField(
        required=False,
        max_length=20_000,
        widget=UnfoldAdminTextareaWidget({"rows": 8}),
        help_text="In Markdown; it stands above the changes, wherever they are read.",
    )
    field_order = ["words", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what is said already."""
        super().__init__(*args, **kwargs)
        self.initial["words"] = self.subject.words


@admin.register(Entry)
class EntryAdmin(Record):
    """Entries, each of one publication."""

    list_display: ClassVar = ["__str__", "breaking", "risky", "at"]
    list_filter: ClassVar = ["version__api"]
    list_select_related: ClassVar = ["version__api"]
    fields: ClassVar = ["id", "version", "at", "words", "told"]
    readonly_fields: ClassVar = ["told"]
    ordering: ClassVar = ["-at"]
    actions_detail: ClassVar = ["explain"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """Leave the documents where they are: they are large."""
        rows: QuerySet[Entry] = super().get_queryset(request)
        return rows.select_related("version__api").defer("version__document")

    @admin.display(description="Changes")
    def told(self, entry: Entry) -> str:
        """Return what changed, in words."""
        return render_to_string("admin/_differences.html", {"differences": entry.differences})

    @decision("Put it into words", permission="catalog.change_entry", form=WordsForm)
    def explain(self, entry: Entry, reason: str, actor: User, *, words: str) -> None:
        """Say more than a comparison can."""
        changelog.explain(entry, words=words, reason=reason, actor=actor)
