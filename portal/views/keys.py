"""API keys: list, make, reveal a sandbox key, revoke."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Problem
from apps.keys import services as keys
from apps.keys.models import Key, KeyQuerySet
from portal import refusals, samples
from portal.forms import live
from portal.forms.key import KeyForm
from portal.forms.refusing import refuse
from portal.request import PortalRequest, may, mode_of, tenant_kind

SHOWN = 200


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List the keys of the environment that is being looked at."""
    rows = _mine(request).filter(tenant__kind=tenant_kind(request))
    # Keys of documentation pages are shown while they work; afterwards they are noise.
    gone = Key.objects.brief().exclude(pk__in=Key.objects.usable())
    shown = rows.exclude(pk__in=gone).order_by("-pk")[:SHOWN]
    return render(request, "portal/keys/index.html", {"keys": shown})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """Create a key. The answer to the POST is the only page that ever shows a live secret."""
    able = may(request, "key.create_live")
    form = KeyForm(
        request.POST or None,
        user=request.user,
        livemode=able and mode_of(request) == "live",
        asked=request.GET.get("application"),
        like=_mine(request).filter(pk=request.GET.get("like", "")).first(),
        scopes=request.GET.getlist("scope"),
    )
    if not able:
        words = _("Live keys are made by an {who}.")
        live.keep_from(form.fields["tenant"], "key.create_live", words)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        if stopped := refusals.of_live(request, wanted["tenant"], "key.create_live"):
            return stopped
        try:
            issued = keys.issue(
                wanted["application"],
                tenant=wanted["tenant"],
                name=wanted["name"],
                scopes=wanted["scopes"],
                kind=form.kind(),
                not_before=wanted["not_before"],
                expires_at=form.expires_at(),
                ip_allow=form.networks(),
                actor=request.user,
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            return issued_page(request, issued)
    return render(request, "portal/keys/new.html", {"form": form})


@login_required
@never_cache
@require_POST
def reveal(request: PortalRequest, key_id: str) -> HttpResponse:
    """Show a sandbox key again: its row, or the whole list where htmx is not running."""
    key = get_object_or_404(_mine(request), pk=key_id)
    secret = keys.reveal(key)
    if secret is None:
        messages.warning(request, _("This key cannot be shown again."))
        return redirect("portal:keys")
    if request.htmx:
        return render(request, "portal/keys/_secret.html", {"key": key, "secret": secret})
    return render(request, "portal/keys/reveal.html", {"key": key, "secret": secret})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: PortalRequest, key_id: str) -> HttpResponse:
    """Close a key: a page that asks once, and the act, which redraws the row."""
    key = get_object_or_404(_mine(request), pk=key_id)
    if request.method != "POST":
        return render(request, "portal/keys/revoke.html", {"key": key})
    keys.revoke(key, actor=request.user)
    if request.htmx:
        return render(request, "portal/keys/_row.html", {"key": key})
    messages.success(request, _("%(key)s is revoked.") % {"key": key})
    return redirect("portal:keys")


def _mine(request: PortalRequest) -> KeyQuerySet:
    return Key.objects.visible_to(request.user).select_related("application", "tenant")


def issued_page(request: PortalRequest, issued: keys.Issued) -> HttpResponse:
    """Show a new key: the only page that ever holds the secret of a live one."""
    calls = samples.in_every_language(samples.first_url(issued.key.scopes), issued.secret)
    context = {"key": issued.key, "secret": issued.secret, "samples": calls}
    return render(request, "portal/keys/issued.html", context)
