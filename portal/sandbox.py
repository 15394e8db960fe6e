"""The signed-in developer's own sandbox, for samples that work as they stand."""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import clock
from apps.keys import services as keys
from apps.keys.models import Key
from apps.tenants.models import Tenant
from portal.request import may

ENOUGH: Final = timedelta(minutes=20)  # A page's key is used again while it lives this long.


def first_key(request: HttpRequest) -> Key | None:
    """Return the oldest sandbox key that the reader may see and that still works."""
    if not isinstance(request.user, User) or not may(request, "key.reveal"):
        return None
    mine = (
        Key.objects.visible_to(request.user)
        .usable()
        .filter(tenant__kind=Tenant.Kind.SANDBOX, kind="k")
    )
    known = mine.exclude(sealed=None).exclude(application__state=Application.State.SUSPENDED)
    return known.select_related("application", "tenant").order_by("pk").first()


def key_of(request: HttpRequest) -> str | None:
    """Return the secret of ``first_key``, or None when there is none to show."""
    key = first_key(request)
    return keys.reveal(key) if key else None


def page_key(request: HttpRequest) -> str | None:
    """Return a short-lived sandbox key for a page that makes calls; None without a sandbox."""
    origin, user = first_key(request), request.user
    if origin is None or not isinstance(user, User):
        return None
    mine = Key.objects.visible_to(user).usable().brief().filter(created_by=user)
    for key in mine.filter(expires_at__gt=clock.real() + ENOUGH).order_by("-pk")[:1]:
        if secret := keys.reveal(key):
            return secret
    return keys.page_key(origin.application, tenant=origin.tenant, actor=user).secret
