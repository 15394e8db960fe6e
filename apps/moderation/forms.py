"""What a reviewer says when deciding, and what is shown meanwhile."""

from typing import Any, ClassVar, cast

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from apps.applications import pins, presenting
from apps.catalog.models import Scope
from apps.core.office import Reason


class Seen(Reason):
    """A decision about what the reviewer sees here: what is changed meanwhile is not meant."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Remember what is shown."""
        super().__init__(*args, **kwargs)
        self.initial["seen"] = presenting.wanted(self.subject).mark

    def clean_seen(self) -> str | None:
        """Return what was shown; a program that decides without looking says nothing."""
        return self.cleaned_data["seen"] or None

    @property
    def faces(self) -> list[presenting.Change]:
        """Return what people read now, and what they would."""
        return presenting.comparison(self.subject)


class ScopesAndReason(Reason):
    """What the application may do on live data, and why."""

    scopes = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What its live keys and tokens may do. What it asks for, and what it may have by "
        "now, says so.",
    )
    field_order = ["scopes", "reason"]
    begins_with: ClassVar = "approved_scopes"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what it may have: nothing is given or taken that nobody ticked."""
        super().__init__(*args, **kwargs)
        known = Scope.objects.order_by("name")
        words = [(scope.name, self._words(scope)) for scope in known]
        cast("forms.MultipleChoiceField", self.fields["scopes"]).choices = words
        self.initial["scopes"] = getattr(self.subject, self.begins_with)

    def _words(self, scope: Scope) -> str:
        said = [scope.name, scope.title, f"{scope.risk} risk"]
        said += ["asked for"] if scope.name in self.subject.requested_scopes else []
        said += ["approved"] if scope.name in self.subject.approved_scopes else []
        return " · ".join(said)


class Move(Reason):
    """In which dated revision of an API the application is to be served, and why."""

    to = forms.ChoiceField(label="Serve it in", widget=UnfoldAdminSelectWidget)
    field_order = ["to", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer every revision but those that hold."""
        super().__init__(*args, **kwargs)
        offered = [
            (f"{standing.version} {name}", f"{standing.version} in {name}")
            for standing in pins.standings(self.subject)
            for name in reversed(standing.history.names)
            if name != standing.revision
        ]
        cast("forms.ChoiceField", self.fields["to"]).choices = offered


class Approval(ScopesAndReason, Seen):
    """What is approved: how it looks, what it may do, and why; at first what is asked for."""

    begins_with: ClassVar = "requested_scopes"
