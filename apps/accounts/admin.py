"""People, groups and terms, for the operator."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db.models import Count, Field, ManyToManyField, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.accounts import services as accounts
from apps.accounts.models import Acceptance, Terms, User
from apps.core import clock
from apps.core.office import Publishing, Record, Rows, person

# Django's pair of lists is wider than a phone, and names its parts in a way that is not allowed.
TICKED: dict[type[Field[Any, Any]], dict[str, Any]] = {
    ManyToManyField: {"widget": UnfoldAdminCheckboxSelectMultipleWidget}
}

for model in (EmailAddress, Authenticator, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class Addresses(Rows):
    """Which addresses are proven."""

    model = EmailAddress
    fields: ClassVar = ["email", "verified", "primary"]
    show_change_link = False


class Acceptances(Rows):
    """Which terms this person accepted."""

    model = Acceptance
    fields: ClassVar = ["terms", "accepted_at", "ip"]
    show_change_link = False


@admin.register(User)
class UserAdmin(Record):
    """People. They sign up themselves; superusers decide who is staff."""

    list_display: ClassVar = ["email", "name", "is_active", "is_staff", "joined_at", "last_login"]
    list_filter: ClassVar = ["is_active", "is_staff", "is_superuser"]
    search_fields: ClassVar = ["email", "name"]
    ordering: ClassVar = ["-joined_at"]
    fieldsets: ClassVar = [
        (None, {"fields": ["id", "email", "name", "joined_at", "last_login"]}),
        ("Security", {"fields": ["factors", "running_sessions"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
    ]
    readonly_fields: ClassVar = [
        "id",
        "email",
        "name",
        "joined_at",
        "last_login",
        "factors",
        "running_sessions",
    ]
    formfield_overrides: ClassVar = TICKED
    inlines: ClassVar = [Addresses, Acceptances]

    @admin.display(description="Second factors")
    def factors(self, user: User) -> str:
        """Return which kinds this person set up; what they hold is nobody's business."""
        kinds = Authenticator.objects.filter(user=user).values_list("type", flat=True)
        words = {str(Authenticator.Type(kind).label) for kind in kinds}
        return ", ".join(sorted(words)) or "none"

    @admin.display(description="Running sessions")
    def running_sessions(self, user: User) -> int:
        """Return in how many browsers this person is signed in."""
        live = Session.objects.filter(expire_date__gt=clock.real()).values("session_key")
        return int(user.browser_sessions.filter(session_key__in=live).count())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change access could make themselves anything: superusers only."""
        return bool(person(request).is_active and person(request).is_superuser)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Change access through the service, which records it."""
        wanted = {name: getattr(obj, name) for name in ("is_active", "is_staff", "is_superuser")}
        accounts.change_access(obj, **wanted, actor=person(request))

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Speak of the form only: the related rows are not saved."""
        return super().construct_change_message(request, form, [], add)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Assign groups through the service; the rest of the page is read-only."""
        accounts.assign_groups(
            form.instance, groups=form.cleaned_data["groups"], actor=person(request)
        )


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Sets of rights for staff, such as "Reviewers"."""

    filter_horizontal: ClassVar = []
    formfield_overrides: ClassVar = TICKED

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Rights are given by superusers only."""
        return bool(person(request).is_active and person(request).is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rights are given by superusers only."""
        return self.has_module_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


@admin.register(Terms)
class TermsAdmin(Publishing):
    """Versions of the terms. A published one never changes."""

    list_display: ClassVar = ["version", "effective_at", "accepted_by"]
    ordering: ClassVar = ["-effective_at"]

    def get_fields(self, request: HttpRequest, obj: Terms | None = None) -> list[str]:
        """Leave the digest to the service."""
        fields = ["version", "effective_at", "body"]
        return [*fields, "digest"] if obj else fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terms]:
        """Count acceptances in the same query."""
        return Terms.objects.annotate(acceptance_count=Count("acceptances"))

    @admin.display(description="Accepted by")
    def accepted_by(self, terms: Any) -> int:
        """Return how many people accepted it."""
        return int(terms.acceptance_count)

    def save_model(self, request: HttpRequest, obj: Terms, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Publish the version."""
        published = accounts.publish_terms(
            obj.version, body=obj.body, effective_at=obj.effective_at, actor=person(request)
        )
        obj.pk = published.pk
