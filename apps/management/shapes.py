"""How the managed objects look to the outside: plain dicts. Nothing secret is ever among them."""

from datetime import datetime
from typing import Any

from apps.applications import logos, pins
from apps.applications.models import Application, Presentation
from apps.catalog.models import Scope
from apps.keys.models import Key
from apps.oauth import captions
from apps.oauth.models import Client, ClientSecret, Consent, InitialToken
from apps.orgs.models import Invitation, Membership, Organization
from apps.plans import limits
from apps.plans.limits import Policy
from apps.plans.models import ChangeRequest, Plan
from apps.tenants.models import Membership as EndUser
from apps.tenants.models import Tenant

Shape = dict[str, Any]


def _dated(name: str, key: str, made: datetime, *, livemode: bool = True) -> Shape:
    """Return what every object begins with; what belongs to no environment is real."""
    return {"object": name, "id": key, "livemode": livemode, "created_at": made}


def organization(row: Organization, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an organization."""
    return {
        **_dated("organization", row.pk, row.created_at),
        "name": row.name,
    }


def tenant(row: Tenant, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a tenant."""
    return {
        **_dated("tenant", row.pk, row.created_at, livemode=row.livemode),
        "name": row.name,
        "kind": row.kind,
    }


def application(row: Application, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an application."""
    approved = row.state == Application.State.APPROVED
    read: Presentation | None = getattr(row, "presentation", None)
    return {
        **_dated("application", row.pk, row.created_at, livemode=approved),
        "name": row.name,
        "description": row.description or None,
        "homepage": row.homepage or None,
        "state": row.state,
        "state_reason": row.state_reason or None,
        "requested_scopes": row.requested_scopes,
        "optional_scopes": row.optional_scopes,
        "approved_scopes": row.approved_scopes,
        "logo": logos.address(logo) if (logo := getattr(row, "logo", None)) else None,
        "approved_name": read.name if read else None,
        "approved_homepage": (read and read.homepage) or None,
        "approved_logo": logos.address(read) if read and read.digest else None,
    }


def revisions(row: Application, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return the dated revisions in which an application is served."""
    return {
        "object": "revisions",
        "id": row.pk,
        "livemode": row.state == Application.State.APPROVED,
        "versions": [_pinned(standing) for standing in pins.standings(row)],
    }


def _pinned(standing: pins.Standing) -> Shape:
    return {
        "version": str(standing.version),
        "revision": standing.revision,
        "since": standing.since,
        "back_to": standing.former or None,
        "back_until": standing.back_until,
        "newer": [{"revision": one.name, "words": one.words} for one in standing.newer],
    }


def key(row: Key, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a key, without its secret."""
    return {
        **_dated("key", row.pk, row.created_at, livemode=row.tenant.livemode),
        "name": row.name,
        "kind": Key.Kind(row.kind).name.lower(),
        "start": row.start,
        "hint": row.hint,
        "application": row.application_id,
        "tenant": row.tenant_id,
        "scopes": row.scopes,
        "ip_allow": row.ip_allow,
        "state": row.state,
        "not_before": row.not_before,
        "expires_at": row.expires_at,
        "rotated_from": row.rotated_from_id,
        "rotated_at": row.rotated_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
    }


def client(row: Client, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an OAuth client, without its secrets."""
    return {
        **_dated("client", row.client_id, row.created, livemode=row.livemode),
        "application": row.application_id,
        "name": row.name,
        "redirect_uris": row.redirect_uris.split(),
        "post_logout_redirect_uris": row.post_logout_redirect_uris.split(),
        "grant_types": row.grant_types,
        "authentication": row.authentication,
        "jwks": row.jwks,
        "token_format": row.token_format,
        "ip_allow": row.ip_allow,
        "scopes": row.scopes,
        "dpop_required": row.dpop_required,
        "par_required": row.par_required,
        "id_token_algorithm": row.id_token_algorithm,
        "backchannel_logout_uri": row.backchannel_logout_uri or None,
        "last_used_at": row.last_used_at,
    }


def client_secret(row: ClientSecret, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a client secret, without its text."""
    return {
        **_dated("client_secret", row.pk, row.created_at, livemode=row.client.livemode),
        "client": row.client.client_id,
        "hint": row.hint,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
    }


def initial_token(row: InitialToken, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an initial access token, without its text; what it registers is for sandboxes."""
    return {
        **_dated("initial_token", row.pk, row.created_at, livemode=False),
        "application": row.application_id,
        "hint": row.hint,
        "uses_left": row.uses_left,
        "expires_at": row.expires_at,
    }


def end_user(row: EndUser, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an invented person of a sandbox, known by the identifier that tokens name."""
    return {
        **_dated("end_user", row.user_id, row.created_at, livemode=False),
        "tenant": row.tenant_id,
        "email": row.user.email,
        "name": row.user.name,
    }


def member(row: Membership, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a member; people are known by their own identifier."""
    return {
        **_dated("member", row.user_id, row.joined_at),
        "email": row.user.email,
        "name": row.user.name or None,
        "role": row.role,
    }


def invitation(row: Invitation, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return an invitation; its link is in the mail only."""
    return {
        **_dated("invitation", row.pk, row.created_at),
        "email": row.email,
        "role": row.role,
        "state": row.state,
        "sent_at": row.sent_at,
        "expires_at": row.expires_at,
    }


def connection(row: Consent, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return what a member lets a client do, under the name by which the member met it."""
    caption = captions.of(row.client)
    return {
        **_dated("connection", row.pk, row.given_at, livemode=row.tenant.livemode),
        "member": row.user_id,
        "tenant": row.tenant_id,
        "client": row.client.client_id,
        "name": caption.name,
        "publisher": None if caption.stranger else caption.publisher,
        "verified": caption.verified,
        "scopes": row.scopes,
        "last_used_at": row.last_used_at,
    }


def plan(row: Plan, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a plan, known by its slug, with what its newest version allows."""
    newest = row.newest
    return {
        "object": "plan",
        "id": row.slug,
        "livemode": True,
        "name": row.name,
        "summary": row.summary or None,
        "limits": [policy(one) for one in limits.parse(newest.limits)] if newest else [],
    }


def policy(one: Policy) -> Shape:
    """Return one limit of a plan."""
    return {
        "name": one.name,
        "kind": one.kind,
        "scope": one.scope,
        "limit": one.limit,
        "window": one.window or None,
        "burst": one.burst or None,
        "period": one.period,
        "api": one.api or None,
        "operations": list(one.operations),
        "shadow": one.shadow,
    }


def plan_request(row: ChangeRequest, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a request for another plan."""
    return {
        **_dated("plan_request", row.pk, row.created_at),
        "application": row.application_id,
        "plan": row.plan.slug,
        "reason": row.reason,
        "state": row.state,
        "decision_reason": row.decision_reason or None,
        "decided_at": row.decided_at,
    }


def scope(row: Scope, _: bool) -> Shape:  # noqa: FBT001 - as Resource asks
    """Return a scope, known by its name."""
    return {
        "object": "scope",
        "id": row.name,
        "livemode": True,
        "title": row.title,
        "risk": row.risk,
    }
