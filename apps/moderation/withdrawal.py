"""When an application loses a scope on live data, what holds it loses it too, at once."""

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.applications.models import Application
from apps.keys.models import Key
from apps.oauth import families
from apps.tenants.models import Tenant

LIVE = Tenant.Kind.LIVE


@transaction.atomic
def withdraw(application: Application, gone: set[str], *, actor: User) -> None:
    """Take ``gone`` from the live keys of ``application``, and end live tokens that hold it.

    A key keeps the rest of what it may do, a token ends. The event of the decision already makes
    gateways read keys afresh.
    """
    keys = Key.objects.filter(application=application, tenant__kind=LIVE)
    for key in keys.filter(scopes__overlap=list(gone)):
        key.scopes = [name for name in key.scopes if name not in gone]
        key.save(update_fields=["scopes"])
    theirs = Q(application__application=application, application__environment=LIVE)
    families.end_holding(gone, of=theirs, reason="scopes withdrawn", actor=actor)
