"""In whose name a program manages things, and what that allows.

A token with a person behind it acts with that person's role, as it is now, in the organization of
its tenant. Any other credential acts for its organization, and with no more than those may who can
make one: in a sandbox, where every developer can, as a developer; on live data, where owners and
admins can, as an admin. Either way it is bound to its environment, and what is real beyond any
environment (members, the organization, an application that is let at live data) is changed by live
credentials only.
"""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.caller import Caller
from apps.management.errors import LiveCredentialNeeded
from apps.orgs import permissions
from apps.orgs.actors import Actor, Credential
from apps.orgs.errors import RoleMissing
from apps.orgs.models import Membership, Role
from apps.tenants.models import Tenant

REAL = {Application.State.APPROVED, Application.State.SUSPENDED}


@dataclass(frozen=True, slots=True)
class Standing:
    """Who acts, where, and in which role; no role for a person who is no member."""

    caller: Caller
    tenant: Tenant
    actor: Actor
    role: str | None

    def require(self, action: str) -> None:
        """Refuse an action that the role does not include; live keys and secrets have their own."""
        own = f"{action}_live" if self.caller.livemode else action
        asked = own if own in permissions.PERMISSIONS else action
        if not permissions.may(self.role, asked):
            who = f"This person is {self.role}" if self.role else "This person is no member"
            roles = permissions.those_who_may(asked)
            raise RoleMissing(f"{who} of the organization; this takes {roles}.", action=asked)

    def require_live(self) -> None:
        """Refuse a sandbox credential."""
        if not self.caller.livemode:
            raise LiveCredentialNeeded(
                "Members and the organization itself are real. Call with a live credential."
            )

    def require_live_for(self, application: Application) -> None:
        """Refuse a sandbox credential where ``application`` already acts on live data."""
        if not self.caller.livemode and application.state in REAL:
            raise LiveCredentialNeeded(
                f"{application} is let at live data. Change it with a live credential."
            )


def of(caller: Caller) -> Standing:
    """Return how ``caller`` stands."""
    tenant = Tenant.objects.select_related("organization").get(pk=caller.tenant)
    if caller.subject is None:
        role = Role.ADMIN if tenant.livemode else Role.DEVELOPER
        acting = Credential(caller.credential, tenant.organization_id, role)
        return Standing(caller, tenant, acting, acting.role)
    gone = User(pk=caller.subject)  # since the gateway looked: a member of nothing
    person = User.objects.filter(pk=caller.subject).first() or gone
    places = Membership.objects.filter(
        organization=tenant.organization_id, user=person, user__is_active=True
    )
    return Standing(caller, tenant, person, places.values_list("role", flat=True).first())
