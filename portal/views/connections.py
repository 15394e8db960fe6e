"""What a person has let applications do, and how it ends."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.oauth import consents, scopes
from apps.oauth.models import AccessToken, Consent
from apps.oauth.models.consent import ConsentQuerySet
from portal import captions
from portal.request import PortalRequest

SHOWN = 200


@login_required
@never_cache
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List the connected applications."""
    found = list(_mine(request).order_by("-given_at")[:SHOWN])
    used = _last_used(found)
    words = scopes.every()
    rows = [
        {
            "consent": consent,
            "client": consent.client,
            "who": captions.of(consent.client),
            "scopes": scopes.described(consent.scopes, words),
            "used": used.get((consent.client_id, consent.tenant_id)) or consent.last_used_at,
        }
        for consent in found
    ]
    return render(request, "portal/connections/index.html", {"rows": rows})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: PortalRequest, consent_id: str) -> HttpResponse:
    """Disconnect an application: a page that asks once, and the act."""
    consent = get_object_or_404(_mine(request), pk=consent_id)
    if request.method != "POST":
        return render(request, "portal/connections/revoke.html", {"consent": consent})
    consents.revoke(consent, actor=request.user)
    who = captions.of(consent.client)
    messages.success(request, _("%(name)s is disconnected.") % {"name": who})
    return redirect("portal:connections")


def _mine(request: PortalRequest) -> ConsentQuerySet:
    mine = Consent.objects.visible_to(request.user).standing()
    application = "client__application__"
    faces = (f"{application}logo", f"{application}presentation")
    known = mine.select_related(f"{application}organization", *faces, "tenant__organization")
    return known.defer(*(f"{face}__png" for face in faces))


def _last_used(found: Iterable[Consent]) -> dict[tuple[int, str], datetime]:
    """Return when each was used last: a call with one of its tokens, or a new token."""
    tokens = AccessToken.objects.filter(
        user__in={consent.user_id for consent in found},
        application__in={consent.client_id for consent in found},
    )
    rows = tokens.values("application_id", "tenant_id").annotate(
        called=Max("last_used_at"), made=Max("created")
    )
    return {
        (row["application_id"], row["tenant_id"]): max(filter(None, (row["called"], row["made"])))
        for row in rows
    }
