"""Two boxes to paste a key into: for whoever found one, and for whoever wonders about theirs."""

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.core import leaks as leakable
from apps.core import throttle
from apps.core.addresses import client_address
from apps.keys import checking, leaks
from apps.keys.errors import TooManyTries
from apps.keys.models import Key
from portal.forms.found import CheckForm, FoundForm
from portal.request import PortalRequest

MOST: Final = 20  # keys in one paste
FOUND_AT_MOST, FOUND_WINDOW = 10, 600
CHECKS_AT_MOST, CHECKS_WINDOW = 30, 60
KINDS: Final = {
    "k": gettext_lazy("a secret API key"),
    "r": gettext_lazy("a restricted API key"),
    "p": gettext_lazy("a publishable API key"),
    "a": gettext_lazy("an access token"),
    "f": gettext_lazy("a refresh token"),
    "d": gettext_lazy("a device code"),
    "c": gettext_lazy("a client secret"),
    "g": gettext_lazy("a registration access token"),
    "i": gettext_lazy("an initial access token"),
}


FAULTS: Final = {
    checking.Fault.SURROUNDED: gettext_lazy(
        "There is a key in this text, and something around it: blanks, perhaps."
    ),
    checking.Fault.MALFORMED: gettext_lazy(
        "This is no key of ours: letters are missing, or it is from elsewhere."
    ),
    checking.Fault.CHECKSUM: gettext_lazy(
        "The checksum is wrong: a character was changed on the way here."
    ),
}


@never_cache
@sensitive_post_parameters("text")
@require_http_methods(["GET", "HEAD", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """Take a key that somebody found. The answer is the same whether it was one of ours."""
    form = FoundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        who = throttle.network(client_address(request))
        _admit("found", who, at_most=FOUND_AT_MOST, window=FOUND_WINDOW)
        url, text = form.cleaned_data["url"], form.cleaned_data["text"]
        tokens = dict.fromkeys(match[0] for match in leakable.shapes().finditer(text))
        leaks.report(
            [leaks.Finding(token, url) for token in list(tokens)[:MOST]], reporter=leaks.FORM
        )
        return redirect(f"{reverse('portal:found-a-key')}?thanks=1")
    context = {"form": form, "thanks": "thanks" in request.GET and request.method != "POST"}
    return render(request, "portal/public/found.html", context)


@login_required
@never_cache
@sensitive_post_parameters("text")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: PortalRequest) -> HttpResponse:
    """Tell what a pasted key is. Somebody else's looks like one that was never issued."""
    form = CheckForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        _admit("check", request.user.pk, at_most=CHECKS_AT_MOST, window=CHECKS_WINDOW)
        mine = Key.objects.visible_to(request.user).select_related("application", "tenant")
        checked = checking.check(form.cleaned_data["text"], among=mine)
        words = FAULTS[checked.fault] if checked.fault else KINDS[checked.kind]
        context |= {"verdict": checked, "words": words, "form": CheckForm()}
    return render(request, "portal/keys/check.html", context)


def _admit(purpose: str, who: str, *, at_most: int, window: int) -> None:
    if not throttle.admits(purpose, who, at_most=at_most, window=window):
        raise TooManyTries(_("Too many tries. Wait a few minutes."))
