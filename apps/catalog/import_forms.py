"""A document, and as what it is published."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.catalog import upstreams
from apps.catalog.forms import JSON, refuse
from apps.catalog.models import Api, Upstream
from apps.core import documents, outgoing
from apps.core.members import Invalid


class DocumentForm(forms.Form):
    """An OpenAPI document from one of three places."""

    file = forms.FileField(required=False, widget=UnfoldAdminFileFieldWidget)
    url = forms.CharField(label="Or its address", required=False, widget=UnfoldAdminTextInputWidget)
    text = forms.CharField(
        label="Or the document itself", required=False, widget=UnfoldAdminTextareaWidget(JSON)
    )

    def clean(self) -> dict[str, Any]:
        """Read the document."""
        told = super().clean() or {}
        given = [name for name in ("file", "url", "text") if told.get(name)]
        if len(given) != 1:
            raise forms.ValidationError("Give a file, an address or the text: one of them.")
        value = told[given[0]]
        if given[0] == "file":
            source, data = value.name, value.read(documents.LIMIT + 1)
        elif given[0] == "url":
            source, data = value, refuse(outgoing.get, value.strip(), limit=documents.LIMIT)
        else:
            source, data = "", value.encode()
        return {"source": source[:300], "document": refuse(documents.read, data)}


class PublishForm(forms.Form):
    """As what a document is published."""

    slug = forms.CharField(
        label="First segment of its paths", max_length=50, widget=UnfoldAdminTextInputWidget
    )
    major = forms.IntegerField(
        label="Major version", min_value=1, max_value=999, widget=UnfoldAdminIntegerFieldWidget
    )
    name = forms.CharField(max_length=80, widget=UnfoldAdminTextInputWidget)
    upstream = forms.ModelChoiceField(
        Upstream.objects.order_by("slug"),
        required=False,
        empty_label="A new one, with the target below",
        widget=UnfoldAdminSelectWidget,
    )
    target = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Scheme, host and port of the service, such as http://10.0.0.1:9000.",
    )
    base = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Stands in front of an operation's path there, such as /api/v3.",
    )
    visibility = forms.ChoiceField(choices=Api.Visibility.choices, widget=UnfoldAdminSelectWidget)
    breaking = forms.BooleanField(
        label="Publish it although it breaks programs",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="Programs that call this version meet it at once. A new major version beside "
        "this one breaks nobody.",
    )

    def clean(self) -> dict[str, Any]:
        """Ask for an upstream or a target."""
        told = super().clean() or {}
        if not told.get("upstream") and "upstream" not in self.errors:
            if not told.get("target"):
                self.add_error("target", "Choose an upstream, or write the address of a target.")
            else:
                try:
                    told["target"] = upstreams.address(told["target"])
                except Invalid as error:
                    self.add_error("target", str(error))
        return told
