"""Settings: one's profile, the organization's name, sessions."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import services as accounts
from apps.orgs import services as orgs
from portal import sessions
from portal.forms.settings import OrganizationForm, ProfileForm
from portal.request import PortalRequest, organization_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PortalRequest) -> HttpResponse:
    """Show the settings; POST changes one's own name."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        accounts.rename(request.user, name=form.cleaned_data["name"])
        messages.success(request, _("Saved."))
        return redirect("portal:settings")
    return _page(request, profile_form=form)


@login_required
@require_POST
def organization(request: PortalRequest) -> HttpResponse:
    """Rename the organization."""
    mine = organization_of(request)
    if mine is None:
        return redirect("portal:settings")
    form = OrganizationForm(request.POST, instance=mine)
    if not form.is_valid():
        return _page(request, organization_form=form)
    orgs.rename(mine, name=form.cleaned_data["name"], actor=request.user)
    messages.success(request, _("The organization has a new name."))
    return redirect("portal:settings")


@login_required
@require_POST
def sign_out_everywhere(request: PortalRequest) -> HttpResponse:
    """End every session of this person, this one too."""
    sessions.end_all(request.user)
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("account_login")


def _page(
    request: PortalRequest,
    *,
    profile_form: ProfileForm | None = None,
    organization_form: OrganizationForm | None = None,
) -> HttpResponse:
    mine = organization_of(request)
    context = {
        "profile_form": profile_form or ProfileForm(instance=request.user),
        "organization_form": organization_form
        or (OrganizationForm(instance=mine) if mine else None),
        "acceptance": request.user.acceptances.select_related("terms").last(),
    }
    return render(request, "portal/settings/index.html", context)
