"""What a portal view knows about who asks and what is being looked at."""

from typing import Literal, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import User
from apps.orgs.models import Organization

Mode = Literal["test", "live"]
MODE = "mode"  # the session's name for it


class PortalRequest(HttpRequest):
    """A request of a signed-in developer: ``@login_required`` lets nobody else in."""

    user: User
    htmx: HtmxDetails


def mode_of(request: HttpRequest) -> Mode:
    """Return the environment whose data the pages show: ``test`` until someone says ``live``."""
    return "live" if request.session.get(MODE) == "live" else "test"


def tenant_kind(request: HttpRequest) -> str:
    """Return the kind of tenant that belongs to the mode."""
    return "live" if mode_of(request) == "live" else "sandbox"


def organization_of(request: HttpRequest) -> Organization | None:
    """Return the organization that the signed-in person works in, or None."""
    if isinstance(request.user, AnonymousUser):
        return None
    return _organization(request.user)


def _organization(user: User) -> Organization | None:
    known = cast("dict[str, Organization | None]", vars(user).setdefault("_portal", {}))
    if "organization" not in known:
        known["organization"] = Organization.objects.visible_to(user).order_by("pk").first()
    return known["organization"]
