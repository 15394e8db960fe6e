"""What the admin pages of all apps share.

State is read-only there. It changes through ``decision`` actions: each asks for a reason on a page
of its own, needs a permission, and calls one service, which writes the audit trail.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.errors import Problem

Call = Callable[..., object]  # (self, subject, reason, actor, **what else the form asks for)
Column = TypeVar("Column", bound=Callable[..., Any])
REASON_LIMIT = 500


class Reason(forms.Form):
    """Why something is decided."""

    reason = forms.CharField(
        max_length=REASON_LIMIT,
        widget=UnfoldAdminTextareaWidget({"rows": 4, "autofocus": True}),
        help_text="The developer reads it, and it stays in the audit trail.",
    )

    def __init__(self, *args: Any, subject: Any, **kwargs: Any) -> None:
        """``subject`` is what is decided about; a form that asks for more begins with it."""
        super().__init__(*args, **kwargs)
        self.subject = subject


def always(subject: Any) -> bool:
    """Offer a decision whatever the state."""
    return True


def decision(
    description: str,
    *,
    permission: str,
    offered: Callable[[Any], bool] = always,
    variant: ActionVariant = ActionVariant.DEFAULT,
    form: type[Reason] = Reason,
) -> Callable[[Call], Callable[..., HttpResponse]]:
    """Make a method ``(self, subject, reason, actor)`` an action that asks for the reason.

    ``offered`` tells whether the button is shown for a subject; the service has the last word.
    What ``form`` asks for besides the reason reaches the method by name.
    """

    def decorate(call: Call) -> Callable[..., HttpResponse]:
        @action(  # type: ignore[untyped-decorator]  # unfold has no types
            description=description,
            url_path=call.__name__.replace("_", "-"),
            variant=variant,
        )
        @wraps(call)
        def method(office: "Record", request: HttpRequest, object_id: str) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return office.decide(request, object_id, description, call, form)

        # Unfold's own `permissions=` would ask the database whenever Django checks the project.
        method.offered, method.permission = offered, permission
        return cast("Callable[..., HttpResponse]", method)

    return decorate


def coloured(
    description: str, colours: Mapping[str, str], *, ordering: str | None = None
) -> Callable[[Column], Column]:
    """Show a column as a label: ``colours`` gives success, info, warning or danger for a value."""
    labels = dict(colours)
    return cast(
        "Callable[[Column], Column]",
        display(description=description, label=labels, ordering=ordering),
    )


def person(request: HttpRequest) -> Any:
    """Return who is asking: an account, because the admin lets nobody else in."""
    return request.user


class Record(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Rows to look at. Nothing is added, edited or deleted here: history matters."""

    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """State changes through decisions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep what happened."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show a row. The types of its tabs are read at once: Django asks for each by itself."""
        shown = [self.model, *(inline.model for inline in self.inlines)]
        ContentType.objects.get_for_models(*shown, for_concrete_models=False)
        return cast("HttpResponse", super().changeform_view(request, *args, **kwargs))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Show the decisions that this person may take and that the state allows."""
        subject = self.get_object(request, unquote(object_id))
        return [
            button
            for button in super().get_actions_detail(request, object_id)
            if subject
            and request.user.has_perm(button.method.permission)
            and button.method.offered(subject)
        ]

    def decide(
        self,
        request: HttpRequest,
        object_id: str,
        description: str,
        call: Call,
        asks: type[Reason] = Reason,
    ) -> HttpResponse:
        """Ask for a reason, then let ``call`` do it; say what it refuses."""
        subject = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, subject):
            raise PermissionDenied
        if subject is None:
            raise Http404
        form = asks(request.POST or None, subject=subject)
        if not form.is_valid():
            return self._ask(request, subject, description, form)
        more = dict(form.cleaned_data)
        try:
            call(self, subject, more.pop("reason"), person(request), **more)
        except Problem as problem:
            messages.error(request, problem.detail)
        else:
            messages.success(request, f"“{description}” for {subject} is done and recorded.")
        return redirect(self.page_of(subject))

    def page_of(self, subject: models.Model) -> str:
        """Return the address of a row's page."""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(subject.pk)]
        )

    def _ask(
        self, request: HttpRequest, subject: models.Model, description: str, form: forms.Form
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{description}: {subject}",
            "opts": self.opts,
            "subject": subject,
            "description": description,
            "form": form,
            "back": self.page_of(subject),
        }
        return render(request, "admin/decide.html", context)


class Log(Record):
    """A table without end: pages are not counted."""

    paginator = InfinitePaginator


class Publishing(Record):
    """Rows that may be added through a service, and never changed."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for the model's own permission."""
        return bool(ModelAdmin.has_add_permission(self, request))


class Rows(TabularInline):  # type: ignore[misc]  # unfold has no types
    """Related rows to look at."""

    extra = 0
    can_delete = False
    show_change_link = True
    tab = True
    per_page = 20
    ordering: ClassVar = ["-pk"]
    fields: ClassVar[list[str]] = []

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Fetch the rows with what they name, not each by itself."""
        named = [one.name for one in self.opts.concrete_fields if one.is_relation]
        found = super().get_queryset(request)
        return cast(
            "models.QuerySet[Any]",
            found.select_related(*(name for name in named if name in self.fields)),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let nobody type."""
        return list(self.fields)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """State changes through decisions."""
        return False
