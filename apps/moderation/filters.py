"""By what lists of applications are narrowed."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.applications.models import Application, Pin
from apps.catalog import revisions


class Changed(admin.SimpleListFilter):
    """Approved applications that were changed since."""

    title = "changes"
    parameter_name = "changes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the one choice."""
        return [("waiting", "Waiting for review")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep those that wait."""
        if self.value() != "waiting":
            return queryset
        waiting = Application.objects.changed_since_review().values("pk")
        return queryset.filter(pk__in=waiting)


class ServedIn(admin.SimpleListFilter):
    """Applications by the dated revision of an API in which they are served."""

    title = "revision"
    parameter_name = "revision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return every revision of every API."""
        return [
            (f"{version} {name}", f"{version} in {name}")
            for version, history in revisions.registered.items()
            for name in reversed(history.names)
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep those that are served in the one that is chosen."""
        version, _, name = (self.value() or "").partition(" ")
        history = revisions.registered.get(version)
        if history is None:
            return queryset
        pinned = Pin.objects.filter(version=version)
        held = set(pinned.values_list("revision", flat=True))
        here = [one for one in held if history.applied(one) == name]
        kept = Q(pk__in=pinned.filter(revision__in=here).values("application"))
        if history.applied("") == name:
            kept |= ~Q(pk__in=pinned.values("application"))
        return queryset.filter(kept)
