"""A developer whose organization already has everything, and browsers of different people."""

from dataclasses import dataclass

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.applications.models import Application
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.orgs.models import Organization
from apps.tenants.models import Tenant
from tests.support import browsers, make


@dataclass(frozen=True)
class Team:
    """One developer's world."""

    developer: User
    organization: Organization
    application: Application
    sandbox: Tenant
    issued: Issued

    @property
    def key(self) -> Key:
        return self.issued.key

    @property
    def secret(self) -> str:
        return self.issued.secret


@pytest.fixture
def team(developer: User) -> Team:
    organization = Organization.objects.visible_to(developer).get()
    application = make.application(organization)
    sandbox = make.sandbox(organization)
    issued = make.key(application, tenant=sandbox, scopes=("orders:read", "orders:write"))
    return Team(developer, organization, application, sandbox, issued)


@pytest.fixture
def browser(team: Team) -> Client:
    """The developer's browser, without JavaScript as every Django test client."""
    return browsers.of(team.developer)


@pytest.fixture
def newcomer(stranger: User) -> Client:
    """The browser of somebody who belongs to another organization and has nothing yet."""
    return browsers.of(stranger)
