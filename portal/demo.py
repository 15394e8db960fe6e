"""The demo: people, organizations and applications that look like a platform in use.

Everything made here is marked: applications carry ``is_demo``, and names of people end in
``@demo.example``.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import Terms, User
from apps.applications import scopes as application_scopes
from apps.applications import services as applications
from apps.applications.models import Application
from apps.catalog import revisions
from apps.catalog.models import Scope
from apps.core import clock
from apps.keys import services as keys
from apps.keys.services import Issued
from apps.moderation import services as moderation
from apps.onboarding import services as onboarding
from apps.orgs.models import Organization
from apps.plans import services as plans
from apps.plans.models import PlanVersion
from apps.tenants import services as tenants
from apps.tenants.models import Tenant
from apps.usage import demo as usage

DEVELOPER = "ada@demo.example"
OPERATOR = "operator@demo.example"
REVIEW = "Reviewed for the demo"
PAST = timedelta(days=60)

# Organization -> its owner, and its applications as (name, fate, plan).
CAST = {
    "Bicycle Shop": (
        (DEVELOPER, "Ada Lind"),
        [
            ("Order sync", "approved", "growth"),
            ("Warehouse screen", "approved", "free"),
            ("Gift cards", "submitted", "free"),
            ("Old importer", "suspended", "free"),
        ],
    ),
    "Corner Books": (
        ("grace@demo.example", "Grace Okoye"),
        [
            ("Book finder", "approved", "scale"),
            ("Loyalty points", "changes_requested", "free"),
            ("Reading club", "draft", "free"),
            ("Price watch", "approved", "growth"),
        ],
    ),
    "Harbour Coffee": (
        ("linus@demo.example", "Linus Berg"),
        [
            ("Till", "approved", "growth"),
            ("Bean stock", "approved", "free"),
            ("Delivery map", "rejected", "free"),
            ("Newsletter", "draft", "free"),
        ],
    ),
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What somebody needs to walk through the demo."""

    developer: User
    operator: User
    password: str
    sandbox: Issued
    live: Issued
    suspended: Issued


def exists() -> bool:
    """Tell whether the demo was seeded before."""
    return User.objects.filter(email=DEVELOPER).exists()


@transaction.atomic
def seed() -> Demo:
    """Make the whole demo, or nothing of it."""
    password = secrets.token_urlsafe(9)
    operator = person(OPERATOR, "Olga Operator", password, is_staff=True, is_superuser=True)
    issued: dict[str, list[Issued]] = {}
    for name, ((email, who), roster) in CAST.items():
        owner = person(email, who, password)
        organization = _organization(name, owner)
        for title, fate, plan in roster:
            application = _application(organization, title, plan, owner)
            issued[title] = _keys_and_fate(application, fate, owner, operator)
    return Demo(
        developer=User.objects.get(email=DEVELOPER),
        operator=operator,
        password=password,
        sandbox=issued["Order sync"][0],
        live=issued["Order sync"][1],
        suspended=issued["Old importer"][0],
    )


def known(email: str) -> User:
    """Return somebody of the demo."""
    return User.objects.get(email=email)


def person(email: str, name: str, password: str, **fields: Any) -> User:
    """Make somebody who can sign in at once."""
    user = User.objects.create_user(email=email, password=password, name=name, **fields)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    if terms := Terms.objects.current():
        accounts.accept_terms(user, terms=terms, ip=None)
    return user


def _organization(name: str, owner: User) -> Organization:
    welcome = onboarding.welcome(owner)
    if welcome is None:
        raise RuntimeError(f"{owner} belongs to an organization already.")
    welcome.application.delete()  # The demo's own applications take its place.
    organization = welcome.organization
    organization.name = name
    organization.save(update_fields=["name"])
    live = organization.tenants.get(kind=Tenant.Kind.LIVE)
    tenants.fill(live, seed=onboarding.SEED)
    return organization


def _application(organization: Organization, name: str, plan: str, owner: User) -> Application:
    application = onboarding.new_application(
        organization, name=name, description=f"{name} for {organization}. Demo data.", actor=owner
    )
    Application.objects.filter(pk=application.pk).update(is_demo=True)
    application.refresh_from_db()
    version = PlanVersion.objects.filter(plan__slug=plan).latest("number")
    plans.subscribe(application, version=version, actor=owner)
    return application


def _keys_and_fate(
    application: Application, fate: str, owner: User, operator: User
) -> list[Issued]:
    """Issue a sandbox key (and a live one where approved), write usage, and decide."""
    sandbox, live = (
        Tenant.objects.get(organization=application.organization, kind=kind)
        for kind in (Tenant.Kind.SANDBOX, Tenant.Kind.LIVE)
    )
    scopes = list(Scope.objects.of_data().values_list("name", flat=True))
    issued = [keys.issue(application, tenant=sandbox, name="Sandbox", scopes=scopes, actor=owner)]
    _decide(application, fate, owner, operator)
    if fate == "approved":
        issued.append(
            keys.issue(application, tenant=live, name="Production", scopes=scopes, actor=owner)
        )
    if fate != "draft":
        _age(application)
        usage.write(application, issued[-1].key, days=PAST.days, seed=application.name)
    return issued


def _age(application: Application) -> None:
    """Let an application be older than the newest revision of each API."""
    for pin in application.pins.all():
        pin.revision = revisions.registered[pin.version].names[-2:][0]
        pin.since = clock.real() - PAST
        pin.save(update_fields=["revision", "since"])


def _decide(application: Application, fate: str, owner: User, operator: User) -> None:
    if fate == "suspended":
        moderation.suspend(application, reason="Thousands of failing calls", actor=operator)
    elif fate != "draft":
        every = Scope.objects.values_list("name", flat=True)
        application_scopes.ask(application, scopes=every, actor=owner)
        applications.submit(application, actor=owner)
        verdicts = {
            "approved": moderation.approve,
            "changes_requested": moderation.request_changes,
            "rejected": moderation.reject,
        }
        if verdict := verdicts.get(fate):
            verdict(application, reason=REVIEW, actor=operator)


def addresses() -> dict[str, str]:
    """Return where the demo is to be found; a later run may use other ports."""
    example = {"backoffice_url": settings.EXAMPLE_URL} if settings.EXAMPLE_URL else {}
    return {
        "portal_url": settings.PORTAL_URL,
        "admin_url": f"{settings.PORTAL_URL}/admin/",
        "api_url": settings.API_URL,
        **example,
    }


def facts(demo: Demo) -> dict[str, str]:
    """Return what ``.trellis/demo.json`` holds."""
    return {
        **addresses(),
        "developer_email": demo.developer.email,
        "developer_password": demo.password,
        "admin_email": demo.operator.email,
        "admin_password": demo.password,
        "sandbox_key": demo.sandbox.secret,
        "live_key": demo.live.secret,
        "suspended_key": demo.suspended.secret,
    }
