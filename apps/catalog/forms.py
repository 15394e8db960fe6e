"""What the operator is asked when something of the catalog changes."""

import json
import re
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.catalog import openapi, policies, upstreams
from apps.catalog.models import Api, Upstream
from apps.core import outgoing
from apps.core.members import Invalid
from apps.core.office import Reason
from apps.orgs.models import Organization

JSON: dict[str, Any] = {"rows": 12, "class": "font-mono", "spellcheck": "false"}
TARGETS_HELP = "One address in a line, with its weight: http://10.0.0.1:9000 3. Weight 0: none."
SETTINGS_HELP = 'Such as {"health": {"path": "/healthz"}, "concurrency": 200}; {} is fine.'


class Change(Reason):
    """A change and why it is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say who reads the reason."""
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "It stays in the audit trail."


class PurgeForm(Change):
    """Which answers are forgotten."""

    tag = forms.CharField(
        required=False,
        max_length=60,
        label="Surrogate key",
        widget=UnfoldAdminTextInputWidget(),
        help_text="Only answers under this key; all of the API without one.",
    )


class Json(forms.JSONField):
    """An object that a reader of ours understands."""

    def __init__(self, **kwargs: Any) -> None:
        """Show it with room to read."""
        super().__init__(widget=UnfoldAdminTextareaWidget(JSON), required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Indent what is there."""
        if isinstance(value, str | forms.fields.InvalidJSONInput):
            return value
        return json.dumps(value or {}, indent=2)

    def clean(self, value: Any) -> Any:
        """Take nothing for an empty object."""
        return super().clean(value) or {}


def refuse(read: Any, *args: Any, **kwargs: Any) -> Any:
    """Return what ``read`` makes of a value, or say in the form why it makes no sense."""
    try:
        return read(*args, **kwargs)
    except (Invalid, outgoing.Unreachable) as error:
        raise forms.ValidationError(str(error)) from error


class PolicyForm(Change):
    """The policy of an API."""

    policy = Json(help_text="docs/reference/policies.md describes every member.")
    field_order = ["policy", "cost", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds."""
        super().__init__(*args, **kwargs)
        self.initial["policy"] = self.subject.policy

    def clean_policy(self) -> Any:
        """Refuse what no gateway could follow."""
        refuse(policies.parse, self.cleaned_data["policy"])
        return self.cleaned_data["policy"]


class TuningForm(PolicyForm):
    """The policy of an operation, which stands above its API's, and its cost."""

    cost = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=openapi.DEAREST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Units of quotas for one call. Empty: what the document says.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds."""
        super().__init__(*args, **kwargs)
        self.initial["cost"] = self.subject.own_cost


class VisibilityForm(Change):
    """Who may know of an API."""

    visibility = forms.ChoiceField(choices=Api.Visibility.choices, widget=UnfoldAdminSelectWidget)
    partners = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
        help_text="Identifiers of organizations (org_…), for an API that is for partners.",
    )
    field_order = ["visibility", "partners", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds."""
        super().__init__(*args, **kwargs)
        known = self.subject.partners.values_list("organization", flat=True)
        self.initial.update({"visibility": self.subject.visibility, "partners": "\n".join(known)})

    def clean_partners(self) -> list[Organization]:
        """Return the organizations."""
        named: list[str] = self.cleaned_data["partners"].split()
        proper = [name for name in named if re.fullmatch(r"org_\w{22}", name)]
        found = {one.pk: one for one in Organization.objects.filter(pk__in=proper)}
        if unknown := [name for name in named if name not in found]:
            raise forms.ValidationError(f"There is no organization {', '.join(unknown)}.")
        return list(found.values())


class PlaceForm(Change):
    """Where a version is served."""

    upstream = forms.ModelChoiceField(
        Upstream.objects.order_by("slug"), empty_label=None, widget=UnfoldAdminSelectWidget
    )
    base = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Stands in front of an operation's path there, such as /api/v3.",
    )
    field_order = ["upstream", "base", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds."""
        super().__init__(*args, **kwargs)
        self.initial.update({"upstream": self.subject.upstream_id, "base": self.subject.base})


class EndForm(Change):
    """When a version ends, and how to leave it."""

    deprecated_at = forms.SplitDateTimeField(
        label="Deprecated from (UTC)", required=False, widget=UnfoldAdminSplitDateTimeWidget()
    )
    sunset_at = forms.SplitDateTimeField(
        label="Ends (UTC)", required=False, widget=UnfoldAdminSplitDateTimeWidget()
    )
    guide = forms.CharField(
        required=False,
        max_length=100_000,
        widget=UnfoldAdminTextareaWidget({"rows": 10}),
        help_text="How to move to the next version, in Markdown.",
    )
    field_order = ["deprecated_at", "sunset_at", "guide", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds."""
        super().__init__(*args, **kwargs)
        names = ("deprecated_at", "sunset_at", "guide")
        self.initial.update({name: getattr(self.subject, name) for name in names})


class Serving(forms.Form):
    """Targets and settings of an upstream."""

    targets = forms.CharField(
        widget=UnfoldAdminTextareaWidget({"rows": 4, "class": "font-mono"}), help_text=TARGETS_HELP
    )
    settings = Json(help_text=SETTINGS_HELP)

    def clean_targets(self) -> dict[str, int]:
        """Return weights by address."""
        found: dict[str, int] = {}
        for line in self.cleaned_data["targets"].splitlines():
            url, _, weight = line.strip().partition(" ")
            if not url:
                continue
            if weight.strip() and not weight.strip().isdecimal():
                raise forms.ValidationError(f"{weight.strip()!r} is no weight. {TARGETS_HELP}")
            found[refuse(upstreams.address, url)] = int(weight.strip() or 1)
        return found

    def clean_settings(self) -> Any:
        """Refuse what makes no sense."""
        refuse(upstreams.parse, self.cleaned_data["settings"])
        return self.cleaned_data["settings"]


class ServingForm(Serving, Change):
    """Other targets and settings, and why."""

    field_order = ["targets", "settings", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what holds."""
        super().__init__(*args, **kwargs)
        rows = self.subject.targets.order_by("url")
        self.initial["targets"] = "\n".join(f"{row.url} {row.weight}" for row in rows)
        self.initial["settings"] = self.subject.settings
