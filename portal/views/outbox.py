"""Mail that stayed in the box, for newcomers who wait for their code. Never in production."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.notifications.models import Message

SHOWN = 100
CODE = re.compile(r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{2,4})\s*$", re.MULTILINE)  # on a line of its own


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """List the newest mails."""
    _only_in_the_box()
    return render(request, "portal/outbox/index.html", {"mails": Message.objects.all()[:SHOWN]})


@require_safe
@never_cache
def detail(request: HttpRequest, message_id: str) -> HttpResponse:
    """Show one mail as text."""
    _only_in_the_box()
    mail = get_object_or_404(Message, pk=message_id)
    code = CODE.search(mail.text)
    return render(request, "portal/outbox/detail.html", {"mail": mail, "code": code and code[1]})


def _only_in_the_box() -> None:
    if not settings.OUTBOX:
        raise Http404
