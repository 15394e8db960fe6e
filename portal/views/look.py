"""How pages look: theme, environment, the operator's accent and icon."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from portal import accent
from portal import icon as tab_icon
from portal.request import MODE

THEMES: Final = ("light", "dark")
YEAR: Final = 365 * 24 * 3600  # seconds


def theme_of(request: HttpRequest) -> str:
    """Return ``light`` or ``dark``; empty when the reader's system decides."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, and go back; a script gets the switch to show next."""
    chosen = request.POST.get("theme", "")
    if request.headers.get("HX-Request"):
        request.COOKIES["theme"] = chosen
        answer = render(
            request, "portal/parts/_theme_form.html", {"next": request.POST.get("next")}
        )
    else:
        answer = _back(request)
    if chosen in THEMES:
        answer.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", httponly=True)
    else:
        answer.delete_cookie("theme", samesite="Lax")
    return answer


@require_POST
def mode(request: HttpRequest) -> HttpResponse:
    """Show test or live data from now on."""
    request.session[MODE] = "live" if request.POST.get("mode") == "live" else "test"
    return _back(request)


@require_safe
@cache_control(public=True, max_age=300)
def theme_css(request: HttpRequest) -> HttpResponse:
    """Answer with the operator's accent as a stylesheet."""
    return HttpResponse(accent.stylesheet(settings.BRAND["accent"]), content_type="text/css")


@require_safe
@cache_control(public=True, max_age=86_400)
def icon(request: HttpRequest) -> HttpResponse:
    """Answer with the tab's icon in the operator's accent."""
    return HttpResponse(tab_icon.svg(settings.BRAND["accent"]), content_type="image/svg+xml")


@require_safe
@cache_control(public=True, max_age=86_400)
def favicon(request: HttpRequest) -> HttpResponse:
    """Answer with the icon for those who look for it where browsers always did."""
    return HttpResponse(tab_icon.ico(settings.BRAND["accent"]), content_type="image/x-icon")


def _back(request: HttpRequest) -> HttpResponseRedirect:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return redirect(wanted if safe else "/")
