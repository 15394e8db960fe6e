"""What a credential in a tenant sees: its organization's things, of its own environment.

Whatever is another organization's, or another environment's, does not exist for it.
"""

from typing import Any

from django.db.models import F, QuerySet

from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.keys.models import Key
from apps.oauth import consents
from apps.oauth.models import Client, ClientSecret, Consent, InitialToken
from apps.orgs.models import Invitation, Membership
from apps.plans.models import ChangeRequest, Plan
from apps.tenants.end_users import invented
from apps.tenants.models import Membership as EndUser
from apps.tenants.models import Tenant


def tenants(at: Tenant) -> QuerySet[Any]:
    """Return the tenants of the same kind."""
    return Tenant.objects.filter(organization=at.organization_id, kind=at.kind)


def applications(at: Tenant) -> QuerySet[Any]:
    """Return the applications, which belong to no environment, without their pictures."""
    mine = Application.objects.filter(organization=at.organization_id)
    faces = mine.select_related("logo", "presentation")
    return faces.defer("logo__png", "presentation__png")


def keys(at: Tenant) -> QuerySet[Any]:
    """Return the keys for tenants of the same kind."""
    mine = Key.objects.filter(application__organization=at.organization_id)
    return mine.filter(tenant__in=tenants(at)).select_related("application", "tenant")


def clients(at: Tenant) -> QuerySet[Any]:
    """Return the OAuth clients of the environment."""
    mine = Client.objects.filter(application__organization=at.organization_id, environment=at.kind)
    found: QuerySet[Any] = mine.select_related("application").annotate(created_at=F("created"))
    return found


def client_secrets(at: Tenant) -> QuerySet[Any]:
    """Return the secrets of those clients."""
    known = ClientSecret.objects.filter(
        client__application__organization=at.organization_id, client__environment=at.kind
    )
    return known.select_related("client__application")


def initial_tokens(at: Tenant) -> QuerySet[Any]:
    """Return the tokens that register clients; those act in sandboxes only."""
    if at.livemode:
        return InitialToken.objects.none()
    mine = InitialToken.objects.filter(application__organization=at.organization_id)
    return mine.select_related("application")


def end_users(at: Tenant) -> QuerySet[Any]:
    """Return the invented people of sandboxes; who is real is nobody's business here."""
    theirs = EndUser.objects.filter(tenant__in=tenants(at))
    return invented(theirs).select_related("user", "tenant")


def members(at: Tenant) -> QuerySet[Any]:
    """Return the organization's members."""
    known = Membership.objects.filter(organization=at.organization_id)
    return known.select_related("user", "organization").annotate(created_at=F("joined_at"))


def invitations(at: Tenant) -> QuerySet[Any]:
    """Return the organization's invitations, whatever became of them."""
    known = Invitation.objects.filter(organization=at.organization_id)
    return known.select_related("organization")


def connections(at: Tenant) -> QuerySet[Any]:
    """Return what members let clients do with the organization's data."""
    there = Consent.objects.filter(tenant__in=tenants(at))
    return consents.by_members(there).in_full().annotate(created_at=F("given_at"))


def plans(at: Tenant) -> QuerySet[Any]:
    """Return the plans that are offered, with their versions."""
    return Plan.objects.filter(is_public=True).prefetch_related("versions")


def plan_requests(at: Tenant) -> QuerySet[Any]:
    """Return what the organization asked for, whatever became of it."""
    mine = ChangeRequest.objects.filter(application__organization=at.organization_id)
    return mine.select_related("application", "plan")


def scopes(at: Tenant) -> QuerySet[Any]:
    """Return the scopes of the APIs that the organization may know of."""
    return Scope.objects.shown_to(at.organization_id)
