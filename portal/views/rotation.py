"""Replacing a key without an outage: rotate, watch who has changed over, end."""

from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import clock
from apps.core.errors import Problem
from apps.keys import handover
from apps.keys import services as keys
from apps.keys.models import Key, KeyQuerySet
from apps.usage import selectors as usage
from portal import refusals
from portal.forms.rotation import OverlapForm, RotateForm
from portal.request import PortalRequest
from portal.views.keys import issued_page

WATCHED: Final = timedelta(hours=24)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: PortalRequest, key_id: str) -> HttpResponse:
    """Ask how the old key ends, and make its successor."""
    key = get_object_or_404(_mine(request), pk=key_id)
    if key.rotated_at:
        return redirect("portal:keys-hand-over", key.pk)
    if stopped := refusals.of_live(request, key.tenant, "key.rotate_live"):
        return stopped
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issued = keys.rotate(
                key,
                overlap=form.length(),
                silent_hours=form.cleaned_data["silent_hours"],
                actor=request.user,
            )
        except Problem as problem:
            form.add_error(None, problem.detail)
        else:
            return issued_page(request, issued)
    return render(request, "portal/keys/rotate.html", {"key": key, "form": form})


@login_required
@never_cache
@require_safe
def hand_over(request: PortalRequest, key_id: str) -> HttpResponse:
    """Show who still calls with the old key; htmx asks again and again for the figures alone."""
    old, new = _pair(request, key_id)
    began = old.rotated_at or old.created_at
    since = max(began, clock.real() - WATCHED)
    context = {
        "old": old,
        "new": new,
        "since": since,
        "progress": usage.handover(old, new, since=since),
    }
    if request.htmx and not request.htmx.history_restore_request:
        template = "portal/keys/_progress.html"
    else:
        template = "portal/keys/hand_over.html"
        context["form"] = OverlapForm(old=old) if old.state == "retiring" else None
    answer = render(request, template, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@login_required
@require_POST
def change(request: PortalRequest, key_id: str) -> HttpResponse:
    """Give the old key another end."""
    old, _new = _pair(request, key_id)
    if stopped := refusals.of_live(request, old.tenant, "key.change_live"):
        return stopped
    form = OverlapForm(request.POST, old=old)
    if not form.is_valid():
        messages.warning(request, _("Choose one of the ends that are offered."))
        return redirect("portal:keys-hand-over", old.pk)
    silent_hours = form.cleaned_data["silent_hours"]
    try:
        handover.change(old, ends_at=form.ends_at(), silent_hours=silent_hours, actor=request.user)
    except Problem as problem:
        messages.warning(request, problem.detail)
    else:
        messages.success(request, _("Saved."))
    return redirect("portal:keys-hand-over", old.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: PortalRequest, key_id: str) -> HttpResponse:
    """End the overlap: a page that asks once, and the act."""
    old, _new = _pair(request, key_id)
    if request.method != "POST":
        return render(request, "portal/keys/end_overlap.html", {"key": old})
    try:
        handover.end(old, actor=request.user)
    except Problem as problem:
        messages.warning(request, problem.detail)
    else:
        messages.success(request, _("The old key has ended."))
    return redirect("portal:keys-hand-over", old.pk)


def _mine(request: PortalRequest) -> KeyQuerySet:
    return Key.objects.visible_to(request.user).select_related("application", "tenant")


def _pair(request: PortalRequest, key_id: str) -> tuple[Key, Key]:
    """Return the old key and its successor, whichever of both was named."""
    named = get_object_or_404(_mine(request), pk=key_id)
    old = named if named.rotated_at else _mine(request).filter(pk=named.rotated_from_id).first()
    new = _mine(request).filter(rotated_from=old).first() if old else None
    if old is None or new is None:
        raise Http404
    return old, new
