"""Filters of the request log. They live in the URL, so a view of the log can be sent to someone."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.catalog.models import Operation
from apps.core import clock
from apps.keys.models import Key

RANGES: Final = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
METHODS: Final = ("GET", "POST", "PATCH", "PUT", "DELETE")
SHOWN: Final = 100  # keys in the list of choices


class LogFilter(forms.Form):
    """What to show of the log; nothing is required, and what makes no sense is left out."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Any status")), ("2", "2xx"), ("3", "3xx"), ("4", "4xx"), ("5", "5xx")],
    )
    method = forms.ChoiceField(
        label=_("Method"),
        required=False,
        choices=[("", _("Any method")), *((method, method) for method in METHODS)],
    )
    operation = forms.ChoiceField(label=_("Operation"), required=False)
    application = forms.ChoiceField(label=_("Application"), required=False)
    key = forms.ChoiceField(label=_("Key"), required=False)
    environment = forms.ChoiceField(
        label=_("Environment"),
        required=False,
        choices=[("test", _("Test")), ("live", _("Live")), ("all", _("Test and live"))],
    )
    range = forms.ChoiceField(
        label=_("Time"),
        required=False,
        choices=[
            ("", _("Any time")),
            ("1h", _("Last hour")),
            ("24h", _("Last 24 hours")),
            ("7d", _("Last 7 days")),
            ("30d", _("Last 30 days")),
        ],
    )

    def __init__(self, data: QueryDict, *, user: User, mode: str, **kwargs: Any) -> None:
        """Offer what ``user`` may choose from; ``mode`` is shown unless the URL says otherwise."""
        chosen = {"environment": mode} | {name: value for name, value in data.items() if value}
        super().__init__(chosen, **kwargs)
        self.mode = mode
        named = Operation.objects.visible_to(user).order_by("name")
        operations = dict.fromkeys(named.values_list("name", flat=True))
        applications = Application.objects.visible_to(user).order_by("name")
        keys = Key.objects.visible_to(user).lasting().order_by("-pk")[:SHOWN]
        self._offer("operation", _("Any operation"), [(name, name) for name in operations])
        self._offer("application", _("Any application"), [(a.pk, a.name) for a in applications])
        self._offer("key", _("Any key"), [(key.pk, str(key)) for key in keys])

    def wanted(self) -> dict[str, Any]:
        """Return the arguments of ``usage.requests``."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        environment = chosen.get("environment", self.mode)
        since: datetime | None = None
        if chosen.get("range"):
            since = clock.real() - RANGES[chosen["range"]]
        return {
            "livemode": None if environment == "all" else environment == "live",
            "status_class": int(chosen["status"]) if "status" in chosen else None,
            "operation": chosen.get("operation"),
            "application": chosen.get("application"),
            "key": chosen.get("key"),
            "method": chosen.get("method"),
            "text": chosen.get("q"),
            "since": since,
        }

    def narrowed(self) -> bool:
        """Tell whether anything but the environment is asked for."""
        return any(value for name, value in self.cleaned_data.items() if name != "environment")

    def _offer(self, name: str, anything: Any, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = [("", anything), *choices]  # type: ignore[attr-defined]  # a ChoiceField
