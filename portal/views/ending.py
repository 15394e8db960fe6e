"""What of one's applications still uses what is deprecated or ends."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.usage import selectors as usage
from portal.request import PortalRequest


@login_required
@require_safe
def index(request: PortalRequest) -> HttpResponse:
    """List it, what ends first at the top."""
    rows = usage.still_used(request.user)
    return render(request, "portal/usage/ending.html", {"rows": rows, "month": usage.MONTH})
