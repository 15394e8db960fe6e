"""One's organizations: which there are, which one is looked at, and another one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.onboarding import services as onboarding
from apps.orgs.models import Membership
from portal.forms.member import FoundForm
from portal.request import ORGANIZATION, PortalRequest, membership_of


@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List one's organizations and roles."""
    mine = Membership.objects.filter(user=request.user).select_related("organization")
    context = {"memberships": mine.order_by("organization"), "own": membership_of(request)}
    return render(request, "portal/organizations/index.html", context)


@require_POST
def switch(request: PortalRequest) -> HttpResponse:
    """Look at another of one's organizations from now on."""
    mine = Membership.objects.filter(user=request.user)
    chosen = get_object_or_404(mine, organization=request.POST.get("organization", ""))
    request.session[ORGANIZATION] = chosen.organization_id
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if safe else "portal:overview")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """Found another organization, with a sandbox, an application and a key of its own."""
    form = FoundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = onboarding.found(form.cleaned_data["name"], actor=request.user)
        request.session[ORGANIZATION] = made.organization.pk
        messages.success(request, _("%(name)s is yours.") % {"name": made.organization})
        return redirect("portal:start")
    return render(request, "portal/organizations/new.html", {"form": form})
