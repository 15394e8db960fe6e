"""What people have let applications do, and how it ends: by themselves, or by who leads them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.oauth import captions, consents, scopes
from apps.oauth.models import AccessToken, Consent
from apps.oauth.models.consent import ConsentQuerySet
from portal.request import PortalRequest

SHOWN = 200


@login_required
@never_cache
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List the connected applications."""
    return render(request, "portal/connections/index.html", {"rows": _rows(_mine(request))})


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


@never_cache
@require_safe
def of_members(request: PortalRequest) -> HttpResponse:
    """List what members let applications do with the organization's data."""
    rows = _rows(consents.of_members(request.user).in_full())
    return render(request, "portal/connections/of_members.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: PortalRequest, consent_id: str) -> HttpResponse:
    """End what a member let an application do: a page that asks once, and the act."""
    consent = get_object_or_404(consents.of_members(request.user).in_full(), pk=consent_id)
    if request.method != "POST":
        return render(request, "portal/connections/take_back.html", {"consent": consent})
    consents.take_back(consent, actor=request.user)
    words = {"name": captions.of(consent.client), "who": consent.user}
    messages.success(request, _("%(name)s no longer acts for %(who)s.") % words)
    return redirect("portal:members-connections")


def _mine(request: PortalRequest) -> ConsentQuerySet:
    return Consent.objects.visible_to(request.user).standing().in_full()


def _rows(known: ConsentQuerySet) -> list[dict[str, Any]]:
    found = list(known.order_by("-given_at")[:SHOWN])
    used, words = _last_used(found), scopes.every()
    return [
        {
            "consent": consent,
            "client": consent.client,
            "who": captions.of(consent.client),
            "scopes": scopes.described(consent.scopes, words),
            "used": used.get(_place(consent)) or consent.last_used_at,
        }
        for consent in found
    ]


def _place(consent: Consent) -> tuple[str, int, str]:
    return consent.user_id, consent.client_id, consent.tenant_id


def _last_used(found: Iterable[Consent]) -> dict[tuple[str, int, str], datetime]:
    """Return when each was used last: a call with one of its tokens, or a new token."""
    tokens = AccessToken.objects.filter(
        user__in={consent.user_id for consent in found},
        application__in={consent.client_id for consent in found},
    )
    rows = tokens.values_list("user_id", "application_id", "tenant_id").annotate(
        called=Max("last_used_at"), made=Max("created")
    )
    return {(*place,): max(filter(None, (called, made))) for *place, called, made in rows}
