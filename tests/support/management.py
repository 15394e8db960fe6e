"""Call the platform's own API as the gateway does, with a real key or token behind the call."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from apps.accounts.models import User
from apps.applications.models import Application
from apps.catalog.models import Scope
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.management import openapi
from apps.orgs.models import Membership, Organization, Role
from apps.tenants.models import Tenant
from tests.support import make
from tests.support.api import EVERYTHING, Api

MANAGING = frozenset(openapi.SCOPES)
ALL = EVERYTHING | MANAGING


class Platform(Api):
    """A key of an application that calls ``/platform/v1``."""

    base = "/platform/v1/"

    def __init__(
        self, of: Application, tenant: Tenant, *, scopes: Iterable[str] = ALL, **fields: Any
    ) -> None:
        self.application = of
        self.key: Issued = make.key(of, tenant=tenant, scopes=tuple(scopes), **fields)
        super().__init__(tenant, scopes=scopes, application=of.pk)
        self.caller = replace(self.caller, credential=self.key.key.pk)

    def through(self, key: Key) -> None:
        """Call with another key from here on."""
        self.caller = replace(self.caller, credential=key.pk, scopes=frozenset(key.scopes))

    def on_behalf_of(self, person: User) -> "Platform":
        """Call with a person behind the credential."""
        self.caller = replace(self.caller, subject=person.pk)
        return self


def scopes() -> None:
    """Put every scope into the catalog, as publishing does."""
    for name in ALL:
        Scope.objects.get_or_create(name=name, defaults={"title": name})


def sandboxed(of: Organization | None = None, **fields: Any) -> Platform:
    """Return a caller in a sandbox, who may do everything there."""
    scopes()
    application = make.application(of)
    return Platform(application, make.sandbox(application.organization), **fields)


def live(of: Organization | None = None, **fields: Any) -> Platform:
    """Return a caller on live data."""
    scopes()
    application = make.application(of, approved=True)
    return Platform(application, make.live(application.organization), **fields)


def member(of: Organization, role: Role) -> User:
    """Make a person with a role."""
    person = make.user()
    Membership.objects.create(organization=of, user=person, role=role)
    return person
