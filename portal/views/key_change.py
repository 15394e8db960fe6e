"""Changing a key: its name, and the networks that it may be used from."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.errors import Problem
from apps.keys import services as keys
from apps.keys.models import Key
from portal import refusals
from portal.forms.key import ChangeForm
from portal.forms.refusing import refuse
from portal.request import PortalRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: PortalRequest, key_id: str) -> HttpResponse:
    """Show what can be changed of a key, and change it; its scopes and its secret stay."""
    mine = Key.objects.visible_to(request.user).usable().select_related("application", "tenant")
    key = get_object_or_404(mine, pk=key_id)
    if refused := refusals.of_live(request, key.tenant, "key.change_live"):
        return refused
    held = {"name": key.name, "ip_allow": ", ".join(key.ip_allow)}
    form = ChangeForm(request.POST or None, initial=held)
    if request.method == "POST" and form.is_valid():
        try:
            name = form.cleaned_data["name"]
            keys.change(key, name=name, ip_allow=form.networks(), actor=request.user)
        except Problem as problem:
            refuse(form, problem)
        else:
            messages.success(request, _("Saved. Calls follow it within a second."))
            return redirect("portal:keys")
    return render(request, "portal/keys/change.html", {"key": key, "form": form})
