"""Where staff without a second factor show that they read the mail of their address."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal import mailed
from portal.forms.account import MailedCodeForm
from portal.request import PortalRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PortalRequest) -> HttpResponse:
    """Send a code where that is asked for; take it, and lead back."""
    form = MailedCodeForm(request.POST if "code" in request.POST else None)
    if form.is_valid():
        if mailed.check(request, form.cleaned_data["code"]):
            return redirect(_next(request))
        form.add_error("code", _("That is not the code. The newest mail has the one that works."))
    elif request.POST.get("action") == "send":
        if not mailed.send(request):
            messages.warning(request, _("Many codes went out already. Try again in an hour."))
        return redirect(request.get_full_path())
    context = {"form": form, "sent": mailed.is_sent(request), "cancel": reverse("mfa_index")}
    return render(request, "portal/settings/code.html", context)


def _next(request: PortalRequest) -> str:
    wanted = request.GET.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if own else reverse("mfa_index")
