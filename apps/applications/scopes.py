"""What an application asks for, and what a reviewer lets it have on live data."""

from collections.abc import Iterable
from typing import Final

from django.db import transaction

from apps.accounts.models import User
from apps.applications.errors import ScopeNotApproved, WrongState
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.orgs.actors import Actor
from apps.tenants.models import Tenant

EVERYONES: Final = frozenset({"profile", "email", "offline_access"})  # asked for without review


@transaction.atomic
def ask(
    application: Application,
    *,
    scopes: Iterable[str],
    optional: Iterable[str] | None = None,
    actor: Actor,
) -> None:
    """Say what the application asks for, and which of it end users may leave out.

    Nothing is given by it: a reviewer reads it. ``optional`` None keeps what still applies.
    """
    wanted = known(scopes, organization=application.organization_id)
    may = application.optional_scopes if optional is None else list(optional)
    if optional is not None and not set(may) <= EVERYONES.union(wanted):
        raise Unprocessable("Only what is asked for can be left out.", param="optional")
    application.requested_scopes = wanted
    application.optional_scopes = sorted(EVERYONES.union(wanted).intersection(may))
    application.save(update_fields=["requested_scopes", "optional_scopes"])
    _record("application.scopes_requested", application, actor=actor, scopes=wanted)


@transaction.atomic
def approve(application: Application, *, scopes: Iterable[str], actor: User) -> set[str]:
    """Let the application have exactly ``scopes`` on live data; return what was withdrawn.

    Who calls ends the credentials that hold what was withdrawn: apps above this one own those.
    """
    fresh = Application.objects.select_for_update().get(pk=application.pk)
    if fresh.state != Application.State.APPROVED:
        raise WrongState(f"{application} is {fresh.get_state_display().lower()}.")
    given = known(scopes)
    if given == fresh.approved_scopes:
        return set()
    Application.objects.filter(pk=application.pk).update(approved_scopes=given)
    application.refresh_from_db()
    _record("application.scopes_approved", application, actor=actor, scopes=given)
    return set(fresh.approved_scopes).difference(given)


def check(application: Application, *, tenant: Tenant, scopes: Iterable[str]) -> None:
    """Refuse a credential for live data with more than a reviewer approved."""
    beyond = sorted(set(scopes).difference(application.approved_scopes))
    if tenant.livemode and beyond:
        raise ScopeNotApproved(
            f"{application} is not approved for {', '.join(beyond)}. Ask for it on its page.",
            param="scopes",
        )


def everything(application: Application, *, tenant: Tenant) -> list[str]:
    """Return all that ``application`` may do with the data of ``tenant``: what a secret key has.

    What manages the organization is not data.
    """
    shown = Scope.objects.shown_to(application.organization_id).of_data()
    names = shown.order_by("name").values_list("name", flat=True)
    approved = set(application.approved_scopes)
    return [name for name in names if not tenant.livemode or name in approved]


def known(names: Iterable[str], *, organization: str | None = None) -> list[str]:
    """Return ``names``, sorted; raise when the catalog lacks one, or hides it from a developer."""
    wanted = sorted(set(names))
    shown = Scope.objects.all() if organization is None else Scope.objects.shown_to(organization)
    there = set(shown.filter(name__in=wanted).values_list("name", flat=True))
    if missing := [name for name in wanted if name not in there]:
        raise Unprocessable(f"There is no scope {', '.join(missing)}.", param="scopes")
    return wanted


def _record(kind: str, application: Application, *, actor: Actor, scopes: list[str]) -> None:
    events.emit(
        kind,
        application,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        scopes=scopes,
    )
