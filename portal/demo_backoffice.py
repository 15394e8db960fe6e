"""The demo's back office: an application that a merchant lets act for them, and that merchant.

The program is ``docs/examples/backoffice``. The box runs it; here it gets its OAuth client.
"""

from django.conf import settings
from django.db import transaction

from apps.applications import services as applications
from apps.applications.models import Application
from apps.moderation import services as moderation
from apps.oauth import client_secrets, clients
from apps.onboarding import services as onboarding
from apps.tenants.models import Tenant
from portal import demo

MERCHANT = "merchant@demo.example"
SCOPES = ["orders:read", "payments:read", "payments:write"]


@transaction.atomic
def seed(password: str) -> dict[str, str]:
    """Make application, client and merchant; return what the demo's facts say of them."""
    owner, operator = demo.known(demo.DEVELOPER), demo.known(demo.OPERATOR)
    organization = owner.memberships.get(role="owner").organization
    application = onboarding.new_application(
        organization,
        name="Back office",
        description="Shows merchants what they sold, and collects what is owed. Demo data.",
        actor=owner,
    )
    Application.objects.filter(pk=application.pk).update(
        is_demo=True, requested_scopes=SCOPES, optional_scopes=["email"]
    )
    application.refresh_from_db()
    applications.submit(application, actor=owner)
    moderation.approve(application, reason=demo.REVIEW, actor=operator)
    client = clients.create(
        application,
        name="Back office",
        redirect_uris=[f"{settings.EXAMPLE_URL}/callback"],  # on loopback the port may change
        post_logout_redirect_uris=[f"{settings.EXAMPLE_URL}/goodbye"],
        actor=owner,
    )
    secret = client_secrets.add_secret(client, actor=owner)[1]
    merchant = demo.person(MERCHANT, "Mira Merchant", password)
    sandbox = Tenant.objects.get(organization=organization, kind=Tenant.Kind.SANDBOX)
    sandbox.memberships.create(user=merchant)
    return {
        "merchant_email": merchant.email,
        "merchant_password": password,
        "backoffice_client_id": client.client_id,
        "backoffice_client_secret": secret,
    }


def settings_of_the_program(facts: dict[str, str]) -> dict[str, str]:
    """Return what the program itself is told, and nothing more."""
    return {
        "issuer": settings.PORTAL_URL,
        "api": settings.API_URL,
        "client_id": facts["backoffice_client_id"],
        "client_secret": facts["backoffice_client_secret"],
        "home": settings.EXAMPLE_URL,
    }
