"""Pages for everyone: the landing page, the terms, and the probe."""

from typing import Final

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts.models import Terms
from portal import samples
from portal.markdown import render as markdown

FEATURES: Final = (
    {
        "glyph": "flask-conical",
        "title": _("A sandbox of your own"),
        "text": _("Seeded at sign-up with customers, orders and payments. Break it; it is yours."),
    },
    {
        "glyph": "key-round",
        "title": _("Keys that do no more than you say"),
        "text": _(
            "Scopes, networks and an expiry for each key, rotation without an outage, and an end "
            "that holds within a second."
        ),
    },
    {
        "glyph": "plug",
        "title": _("People let you in"),
        "text": _(
            "OAuth 2.1 and OpenID Connect: your users read in words what you ask for, and can end "
            "it at any time."
        ),
    },
    {
        "glyph": "users",
        "title": _("Built for teams"),
        "text": _("Five roles, invitations by mail, passkeys, and live data for those you choose."),
    },
    {
        "glyph": "bot",
        "title": _("Everything by program"),
        "text": _(
            "The platform's own API makes applications, rotates keys and invites colleagues."
        ),
    },
    {
        "glyph": "scroll-text",
        "title": _("Every request, explained"),
        "text": _(
            "Find any call by its id seconds later, with the decision that let it pass or not."
        ),
    },
    {
        "glyph": "triangle-alert",
        "title": _("Errors that help"),
        "text": _("One shape for every error, a stable code, and a page that says how to fix it."),
    },
    {
        "glyph": "chart-line",
        "title": _("Usage you can see"),
        "text": _(
            "Per day, operation, key and status, in a chart and as CSV, next to your limits."
        ),
    },
    {
        "glyph": "terminal",
        "title": _("An explorer that runs"),
        "text": _("The whole API in the browser, with your sandbox key already filled in."),
    },
)
STEPS: Final = (
    {
        "title": _("Sign up"),
        "text": _("An e-mail address and a code. Organization, sandbox and key are made for you."),
    },
    {
        "title": _("Call"),
        "text": _("Copy one command. The page waits for your request and shows you what came in."),
    },
    {
        "title": _("Go live"),
        "text": _("Submit your application for review. Once approved, it gets live keys."),
    },
)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Say what the platform is and show a call."""
    context = {
        "sample": samples.example(samples.first_url()),
        "features": FEATURES,
        "steps": STEPS,
    }
    return render(request, "portal/public/landing.html", context)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms of service in force."""
    current = Terms.objects.current()
    page = markdown(current.body) if current else None
    return render(request, "portal/public/terms.html", {"terms": current, "page": page})


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when pages can be served, which needs PostgreSQL and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
