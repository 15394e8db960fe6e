"""When an application loses a scope on live data, what holds it loses it too, at once."""

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.applications.models import Application
from apps.keys.models import Key
from apps.oauth import families
from apps.oauth.models import AccessToken, RefreshToken
from apps.tenants.models import Tenant

LIVE = Tenant.Kind.LIVE


@transaction.atomic
def withdraw(application: Application, gone: set[str], *, actor: User) -> None:
    """Take ``gone`` from the live keys of ``application``, and end live tokens that hold it.

    A key keeps the rest of what it may do. A token's scope was told to its holder, so it ends; the
    event of the decision already makes gateways read keys afresh.
    """
    keys = Key.objects.filter(application=application, tenant__kind=LIVE)
    for key in keys.filter(scopes__overlap=list(gone)):
        key.scopes = [name for name in key.scopes if name not in gone]
        key.save(update_fields=["scopes"])
    holds = Q()
    for name in gone:
        holds |= Q(scope__contains=name)
    theirs = Q(application__application=application, application__environment=LIVE)
    found = AccessToken.objects.usable().filter(theirs & holds)
    renewable = RefreshToken.objects.filter(theirs & holds, revoked=None)
    ended = {token.family for token in found if gone.intersection(token.scope.split())}
    ended |= {one.token_family for one in renewable if gone.intersection(one.scope.split())}
    for family in sorted(filter(None, ended)):
        families.end(family, reason="scopes withdrawn", actor=actor)
    for token in found.filter(family=None):
        if gone.intersection(token.scope.split()):
            families.revoke_access_token(token, reason="scopes withdrawn", actor=actor)
