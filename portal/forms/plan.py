"""Asking for another plan."""

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.plans.models import REASON_LIMIT, Plan

RADIOS = {"class": "radio radio-sm radio-primary mt-0.5"}


class PlanForm(forms.Form):
    """Which plan, and what for."""

    plan = forms.ChoiceField(label=_("Plan"), widget=forms.RadioSelect(attrs=RADIOS))
    reason = forms.CharField(
        label=_("What for"),
        max_length=REASON_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("How much you expect, from when. Whoever decides reads it."),
    )

    def __init__(self, *args: Any, plans: QuerySet[Plan], **kwargs: Any) -> None:
        """Offer ``plans``."""
        super().__init__(*args, **kwargs)
        self.plans = {plan.slug: plan for plan in plans}
        cast("forms.ChoiceField", self.fields["plan"]).choices = [
            (
                plan.slug,
                format_html(
                    '<span class="font-medium">{}</span>'
                    '<span class="block text-xs muted">{}</span>',
                    plan.name,
                    plan.summary,
                ),
            )
            for plan in self.plans.values()
        ]

    def clean_plan(self) -> Plan:
        """Return the plan itself."""
        return self.plans[self.cleaned_data["plan"]]
