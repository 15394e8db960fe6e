"""Replacing a key: how long the old one lives on, and when it ends early."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.keys.models import Key

OVERLAPS: Final = (
    ("0", _("Not at all: it ends now")),
    ("1", _("For an hour")),
    ("24", _("For a day")),
    ("72", _("For 3 days")),
    ("168", _("For 7 days")),
)
SILENCES: Final = (
    ("", _("Only when its time is over")),
    ("1", _("After an hour without a call")),
    ("6", _("After 6 hours without a call")),
    ("24", _("After a day without a call")),
)


class RotateForm(forms.Form):
    """How the old key ends."""

    overlap = forms.ChoiceField(
        label=_("The old key works on"),
        choices=OVERLAPS,
        initial="24",
        help_text=_("Meanwhile both keys work, and answers to the old one say when it ends."),
    )
    silent_hours = forms.TypedChoiceField(
        label=_("End it early"),
        choices=SILENCES,
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("As soon as nobody uses the old key any more, if you like."),
    )

    def length(self) -> timedelta:
        """Return how long both keys work."""
        return timedelta(hours=int(self.cleaned_data["overlap"]))


class OverlapForm(RotateForm):
    """The same for a hand-over that is under way: an end that has passed is not offered."""

    def __init__(self, *args: Any, old: Key, **kwargs: Any) -> None:
        """Begin with what holds now."""
        super().__init__(*args, **kwargs)
        self.old = old
        overlap = self.fields["overlap"]
        overlap.label, overlap.help_text, overlap.initial = _("The old key works"), "", ""
        until = f"{old.expires_at:%-d %b %Y, %H:%M}" if old.expires_at else ""
        choices = [("", str(_("Until %(end)s UTC, as now") % {"end": until}))]
        now = clock.real()
        choices += [(hours, str(words)) for hours, words in OVERLAPS if self._end(hours) > now]
        overlap.choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        overlap.required = False
        silences = [(hours, str(words)) for hours, words in SILENCES]
        if old.silent_hours and str(old.silent_hours) not in dict(silences):  # as a program chose
            as_now = _("After %(hours)s hours without a call, as now")
            silences.append((str(old.silent_hours), str(as_now % {"hours": old.silent_hours})))
        early = self.fields["silent_hours"]
        early.choices = silences  # type: ignore[attr-defined]  # a ChoiceField
        early.initial = old.silent_hours

    def ends_at(self) -> datetime:
        """Return when the overlap ends."""
        chosen = self.cleaned_data["overlap"]
        return self._end(chosen) if chosen or self.old.expires_at is None else self.old.expires_at

    def _end(self, hours: str) -> datetime:
        began = self.old.rotated_at or clock.real()
        return began + timedelta(hours=int(hours))
