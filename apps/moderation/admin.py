"""Review: organizations, applications and what was decided about them."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from apps.accounts.models import User
from apps.applications import pins, presenting
from apps.applications.models import Application
from apps.core.office import Record, Rows, coloured, decision
from apps.keys.models import Key
from apps.moderation import services as moderation
from apps.moderation.filters import Changed, ServedIn
from apps.moderation.forms import Approval, Move, ScopesAndReason, Seen
from apps.moderation.models import Decision
from apps.oauth.models import Client
from apps.orgs import services as orgs
from apps.orgs.models import Membership, Organization
from apps.usage import selectors as usage

State = Application.State
MODERATE = "applications.moderate_application"
OWN = "orgs.change_organization"
COLOURS: dict[str, str] = {
    State.DRAFT: "info",
    State.SUBMITTED: "warning",
    State.CHANGES_REQUESTED: "warning",
    State.APPROVED: "success",
    State.REJECTED: "danger",
    State.SUSPENDED: "danger",
}


def among(*states: Application.State) -> Callable[[Application], bool]:
    """Offer a decision in these states only."""
    return lambda application: application.state in states


def movable(application: Application) -> bool:
    """Tell whether an API has revisions to move between."""
    return bool(pins.standings(application))


def suspended(organization: Organization) -> bool:
    """Tell whether the organization's calls are stopped."""
    return organization.suspended_at is not None


def internal(organization: Organization) -> bool:
    """Tell whether the organization is the operator's own."""
    return organization.is_internal


def external(organization: Organization) -> bool:
    """Tell whether the organization is somebody else's."""
    return not organization.is_internal


def running(organization: Organization) -> bool:
    """Tell whether the organization may call."""
    return organization.suspended_at is None


class Decisions(Rows):
    """What was decided before."""

    model = Decision
    fields: ClassVar = ["verdict", "reason", "decided_by", "decided_at"]
    show_change_link = False


class Keys(Rows):
    """The application's keys, without anything that is secret."""

    model = Key
    fields: ClassVar = ["name", "hint", "tenant", "created_at", "last_used_at", "revoked_at"]


class Clients(Rows):
    """The application's OAuth clients, each with a link to its page."""

    model = Client
    verbose_name_plural = "OAuth clients"
    fields: ClassVar = ["name", "client_id", "environment", "authentication", "last_used_at"]


@admin.register(Application)
class ApplicationAdmin(Record):
    """The review queue, and the page on which a reviewer decides."""

    list_display: ClassVar = ["name", "organization", "standing", "is_demo", "created_at"]
    list_filter: ClassVar = ["state", Changed, ServedIn, "is_demo"]
    list_select_related: ClassVar = ["organization"]
    search_fields: ClassVar = ["name", "organization__name"]
    ordering: ClassVar = ["-created_at"]
    fieldsets: ClassVar = [
        (None, {"fields": ["name", "organization", "description", "homepage"]}),
        (
            "Standing",
            {"fields": ["state", "state_reason", "recent_usage", "people_see", "served_in"]},
        ),
        ("Scopes", {"fields": ["requested_scopes", "approved_scopes", "optional_scopes"]}),
        ("Origin", {"fields": ["id", "created_by", "created_at", "is_demo"]}),
    ]
    readonly_fields: ClassVar = ["recent_usage", "people_see", "served_in"]
    inlines: ClassVar = [Decisions, Keys, Clients]
    actions_detail: ClassVar = [
        "approve",
        "approve_changes",
        "decline_changes",
        "decide_scopes",
        "request_changes",
        "reject",
        "move_revision",
        "suspend",
        "reinstate",
    ]

    @coloured("State", COLOURS, ordering="state")
    def standing(self, application: Application) -> tuple[str, str]:
        """Return the state in its colour."""
        return application.state, application.get_state_display()

    @admin.display(description="People see")
    def people_see(self, application: Application) -> str:
        """Say what they read, and what waits for a reviewer."""
        face = presenting.shown(application)
        said = f"{face.name} by {face.publisher}"
        for change in presenting.changes(application):
            said += f"; {change.label.lower()}: {change.in_words}"
        return said

    @admin.display(description="API revisions")
    def served_in(self, application: Application) -> str:
        """Say in which revision of each API it is served, and how many are newer."""
        said = [
            f"{one.version} in {one.revision}, {len(one.newer) or 'none'} newer"
            for one in pins.standings(application)
        ]
        return "; ".join(said)

    @admin.display(description="Last 30 days")
    def recent_usage(self, application: Application) -> str:
        """Say how much was called, and how often that failed."""
        used = usage.used_by(application)
        return f"{used.requests:,} requests, {used.error_rate:.1%} of them refused or failed"

    @decision(
        "Approve for live traffic",
        permission=MODERATE,
        offered=among(State.SUBMITTED),
        variant=ActionVariant.SUCCESS,
        form=Approval,
    )
    def approve(
        self,
        application: Application,
        reason: str,
        actor: User,
        *,
        scopes: list[str],
        seen: str | None,
    ) -> None:
        """Let the application have live keys and tokens with these scopes."""
        moderation.approve(application, scopes=scopes, seen=seen, reason=reason, actor=actor)

    @decision(
        "Approve changes",
        permission=MODERATE,
        offered=presenting.is_waiting,
        variant=ActionVariant.SUCCESS,
        form=Seen,
    )
    def approve_changes(
        self, application: Application, reason: str, actor: User, *, seen: str | None
    ) -> None:
        """Let people see the application as its developers changed it."""
        moderation.approve_changes(application, seen=seen, reason=reason, actor=actor)

    @decision(
        "Decline changes",
        permission=MODERATE,
        offered=presenting.is_waiting,
        variant=ActionVariant.DANGER,
        form=Seen,
    )
    def decline_changes(
        self, application: Application, reason: str, actor: User, *, seen: str | None
    ) -> None:
        """Let people go on seeing the application as it was."""
        moderation.decline_changes(application, seen=seen, reason=reason, actor=actor)

    @decision(
        "Decide on scopes",
        permission=MODERATE,
        offered=among(State.APPROVED),
        form=ScopesAndReason,
    )
    def decide_scopes(
        self, application: Application, reason: str, actor: User, *, scopes: list[str]
    ) -> None:
        """Give the approved application other scopes."""
        moderation.decide_scopes(application, scopes=scopes, reason=reason, actor=actor)

    @decision("Move to another API revision", permission=MODERATE, offered=movable, form=Move)
    def move_revision(self, application: Application, reason: str, actor: User, *, to: str) -> None:
        """Serve it in any revision of an API, however long ago it left it."""
        version, _, name = to.partition(" ")
        pins.move(application, version, to=name, reason=reason, actor=actor, freely=True)

    @decision("Request changes", permission=MODERATE, offered=among(State.SUBMITTED))
    def request_changes(self, application: Application, reason: str, actor: User) -> None:
        """Send the application back."""
        moderation.request_changes(application, reason=reason, actor=actor)

    @decision(
        "Reject",
        permission=MODERATE,
        offered=among(State.SUBMITTED),
        variant=ActionVariant.DANGER,
    )
    def reject(self, application: Application, reason: str, actor: User) -> None:
        """Decline the application."""
        moderation.reject(application, reason=reason, actor=actor)

    @decision(
        "Suspend",
        permission=MODERATE,
        offered=among(*(state for state in State if state != State.SUSPENDED)),
        variant=ActionVariant.DANGER,
    )
    def suspend(self, application: Application, reason: str, actor: User) -> None:
        """Refuse the application's calls."""
        moderation.suspend(application, reason=reason, actor=actor)

    @decision("Reinstate", permission=MODERATE, offered=among(State.SUSPENDED))
    def reinstate(self, application: Application, reason: str, actor: User) -> None:
        """Put the application back where it was."""
        moderation.reinstate(application, reason=reason, actor=actor)


class Members(Rows):
    """Who belongs to the organization."""

    model = Membership
    fields: ClassVar = ["user", "role", "joined_at"]


class Applications(Rows):
    """What the organization builds."""

    model = Application
    fields: ClassVar = ["name", "state", "created_at"]


@admin.register(Organization)
class OrganizationAdmin(Record):
    """Teams of developers."""

    list_display: ClassVar = ["name", "members", "built", "standing", "created_at"]
    list_filter: ClassVar = ["is_internal", ("suspended_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["name", "memberships__user__email"]
    ordering: ClassVar = ["-created_at"]
    fields: ClassVar = [
        *("id", "name", "is_internal", "suspended_at", "suspension_reason", "created_at")
    ]
    inlines: ClassVar = [Members, Applications]
    actions_detail: ClassVar = ["suspend", "reinstate", "make_internal", "make_external"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """Count in the same query."""
        return Organization.objects.annotate(
            member_count=Count("memberships", distinct=True),
            application_count=Count("applications", distinct=True),
        )

    @admin.display(description="Members", ordering="member_count")
    def members(self, organization: Any) -> int:
        """Return how many people belong to it."""
        return int(organization.member_count)

    @admin.display(description="Applications", ordering="application_count")
    def built(self, organization: Any) -> int:
        """Return how many applications it has."""
        return int(organization.application_count)

    @coloured("Standing", {"running": "success", "suspended": "danger"})
    def standing(self, organization: Organization) -> str:
        """Tell whether it may call."""
        return "suspended" if suspended(organization) else "running"

    @decision("Suspend", permission=MODERATE, offered=running, variant=ActionVariant.DANGER)
    def suspend(self, organization: Organization, reason: str, actor: User) -> None:
        """Refuse every call of its applications."""
        moderation.suspend_organization(organization, reason=reason, actor=actor)

    @decision("Reinstate", permission=MODERATE, offered=suspended)
    def reinstate(self, organization: Organization, reason: str, actor: User) -> None:
        """Let its applications call again."""
        moderation.reinstate_organization(organization, reason=reason, actor=actor)

    @decision("Count among our own", permission=OWN, offered=external)
    def make_internal(self, organization: Organization, reason: str, actor: User) -> None:
        """Let it know of every API, the internal ones too."""
        orgs.set_internal(organization, internal=True, reason=reason, actor=actor)

    @decision("Count among our own no longer", permission=OWN, offered=internal)
    def make_external(self, organization: Organization, reason: str, actor: User) -> None:
        """Let it know of what is for everybody, or for it as a partner."""
        orgs.set_internal(organization, internal=False, reason=reason, actor=actor)


@admin.register(Decision)
class DecisionAdmin(Record):
    """Every decision, newest first."""

    list_display: ClassVar = ["application", "verdict", "shortened", "decided_by", "decided_at"]
    list_filter: ClassVar = ["verdict"]
    list_select_related: ClassVar = ["application", "decided_by"]
    search_fields: ClassVar = ["application__name", "reason"]
    fields: ClassVar = ["application", "verdict", "reason", "decided_by", "decided_at"]

    @admin.display(description="Reason")
    def shortened(self, decision: Decision) -> SafeString:
        """Return as much of the reason as a row holds."""
        return format_html("<span title='{}'>{:.60}</span>", decision.reason, decision.reason)
