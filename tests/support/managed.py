"""One of each thing that the platform's own API manages."""

from apps.core import clock, ids
from apps.oauth import client_secrets, consents, registration
from apps.onboarding import invitations
from apps.orgs.models import Role
from apps.plans import changes
from apps.plans import services as plans
from apps.tenants.models import Membership, Tenant
from tests.support import make, management, oidc, traffic
from tests.support.management import Platform

SANDBOXED = {"initial_tokens", "end_users"}  # live data has none


def caller_of(kind: str) -> Platform:
    """Return a caller that sees objects of ``kind``: on live data, if there are any of them."""
    return management.sandboxed() if kind in SANDBOXED else management.live()


def filled(api: Platform) -> dict[str, str]:
    """Return the identifier of one object of each kind that ``api`` sees.

    Live data has neither initial access tokens nor invented people.
    """
    application = api.application
    environment = "live" if api.caller.livemode else "sandbox"
    client = oidc.client(application, environment=environment)
    secret, _ = client_secrets.add_secret(client, actor=None)
    organization = application.organization
    owner = organization.memberships.get(role=Role.OWNER).user
    invited = invitations.invite(
        organization, email=f"{ids.new('usr')}@example.com", role="developer", actor=owner
    )
    slug = f"offered-{next(make.number)}"
    plan = plans.publish(slug, name=slug, limits=[], is_public=True).plan
    for former in application.plan_requests.filter(state="waiting"):
        changes.withdraw(former, actor=owner)
    asked = changes.request(application, plan=plan, reason="We grow.", actor=owner)
    member = management.member(organization, Role.ADMIN)
    there = Tenant.objects.get(pk=api.caller.tenant)
    connection = consents.give(
        client, user=member, tenant=there, scopes=["orders:read"], actor=member
    )
    found = {
        "tenants": api.caller.tenant,
        "members": member.pk,
        "invitations": invited.pk,
        "applications": application.pk,
        "keys": api.key.key.pk,
        "clients": client.client_id,
        "client_secrets": secret.pk,
        "plan_requests": asked.pk,
        "connections": connection.pk,
        "requests": traffic.serve(api.key.key),
    }
    if api.caller.livemode:
        return found
    invented = Membership.objects.filter(tenant=api.caller.tenant)[0]
    token, _ = registration.issue_initial_token(
        application, expires_at=clock.real() + registration.LONGEST, actor=owner
    )
    return found | {"initial_tokens": token.pk, "end_users": invented.user_id}
