"""What a portal view knows about who asks and what is being looked at."""

from typing import Final, Literal, cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import User
from apps.orgs import permissions
from apps.orgs.models import Membership, Organization

Mode = Literal["test", "live"]
MODE: Final = "mode"  # the session's names for what is being looked at
ORGANIZATION: Final = "organization"


class PortalRequest(HttpRequest):
    """A request of a signed-in developer: ``portal.middleware.Doors`` lets nobody else in."""

    user: User
    htmx: HtmxDetails


def mode_of(request: HttpRequest) -> Mode:
    """Return the environment whose data the pages show: ``test`` until someone says ``live``."""
    return "live" if request.session.get(MODE) == "live" else "test"


def tenant_kind(request: HttpRequest) -> str:
    """Return the kind of tenant that belongs to the mode."""
    return "live" if mode_of(request) == "live" else "sandbox"


def membership_of(request: HttpRequest) -> Membership | None:
    """Return the person's place in the current organization, read once for each request.

    The session names the organization; without a name, or after a removal, it is the oldest one.
    """
    known = cast("dict[str, Membership | None]", vars(request).setdefault("_portal", {}))
    if "membership" not in known:
        known["membership"] = _membership(request)
    return known["membership"]


def organization_of(request: HttpRequest) -> Organization | None:
    """Return the organization that the signed-in person works in, or None."""
    membership = membership_of(request)
    return membership.organization if membership else None


def may(request: HttpRequest, action: str) -> bool:
    """Tell whether the person's role in the current organization allows ``action``."""
    membership = membership_of(request)
    return permissions.may(membership.role if membership else None, action)


def _membership(request: HttpRequest) -> Membership | None:
    if not isinstance(request.user, User):
        return None
    mine = Membership.objects.filter(user=request.user).select_related("organization")
    rows = {row.organization_id: row for row in mine.order_by("-organization")}
    chosen = rows.get(request.session.get(ORGANIZATION, ""))
    return chosen or (list(rows.values())[-1] if rows else None)
