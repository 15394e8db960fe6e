"""Test users: the invented people of sandboxes, whom developers may answer for."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Problem
from apps.tenants import end_users
from apps.tenants.models import Membership, MembershipQuerySet, Tenant
from portal.forms.end_user import EndUserForm
from portal.forms.refusing import refuse
from portal.request import PortalRequest

SHOWN = 200


@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List who lives in which sandbox."""
    places = _mine(request).order_by("tenant__created_at", "user__name")[:SHOWN]
    return render(request, "portal/end_users/index.html", {"places": places})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """Make another one."""
    mine = Tenant.objects.visible_to(request.user)
    sandboxes = mine.filter(kind=Tenant.Kind.SANDBOX).order_by("created_at")
    form = EndUserForm(request.POST or None, sandboxes=sandboxes)
    if request.method == "POST" and form.is_valid():
        try:
            made = end_users.invent(**form.cleaned_data, actor=request.user)
        except Problem as problem:
            refuse(form, problem)
        else:
            words = {"who": made.user.name, "where": made.tenant}
            messages.success(request, _("%(who)s lives in %(where)s from now on.") % words)
            return redirect("portal:members-test-users")
    return render(request, "portal/end_users/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: PortalRequest, end_user_id: int) -> HttpResponse:
    """Remove one: a page that asks once, and the act."""
    place = get_object_or_404(_mine(request), pk=end_user_id)
    if request.method != "POST":
        return render(request, "portal/end_users/remove.html", {"place": place})
    end_users.remove(place, actor=request.user)
    messages.success(request, _("%(who)s is removed.") % {"who": place.user.name})
    return redirect("portal:members-test-users")


def _mine(request: PortalRequest) -> MembershipQuerySet:
    mine = end_users.invented(Membership.objects.visible_to(request.user))
    return mine.select_related("user", "tenant")
