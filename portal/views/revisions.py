"""In which dated revision of each API an application is served: what changed since, and moving."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.applications import pins
from apps.applications.pins import Standing
from apps.catalog.revisions import Revision
from apps.core.errors import Missing, Problem
from apps.events.models import Event
from portal.highlight import colour
from portal.markdown import render as markdown
from portal.request import PortalRequest
from portal.views.clients import application_of

HISTORY = 12  # moves on the page


@dataclass(frozen=True, slots=True)
class Step:
    """One revision, as the page tells it."""

    name: str
    words: SafeString
    state: str  # ahead, here, or behind
    may_return: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Where an application stands with one version, newest revision first."""

    standing: Standing
    steps: list[Step]
    command: str

    @property
    def html(self) -> SafeString:
        """Return the command in colour."""
        return colour(self.command, "bash")


@login_required
@require_safe
def index(request: PortalRequest, application_id: str) -> HttpResponse:
    """Show each API's revisions, and which one holds."""
    application = application_of(request, application_id)
    stories = [_story(standing) for standing in pins.standings(application)]
    moves = Event.objects.filter(
        organization=application.organization_id,
        application=application.pk,
        type="application.revision_changed",
    )
    context = {
        "application": application,
        "stories": stories,
        "history": moves.order_by("-id")[:HISTORY] if stories else [],
    }
    return render(request, "portal/revisions/index.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move(
    request: PortalRequest, application_id: str, slug: str, major: int, revision: str
) -> HttpResponse:
    """Say what another revision means and, on POST, serve the application in it."""
    application, version = application_of(request, application_id), f"{slug}/v{major}"
    try:
        standing = pins.standing(application, version)
    except Missing:
        raise Http404 from None
    if revision not in standing.history.names:
        raise Http404
    if revision == standing.revision:
        return redirect("portal:applications-revisions", application.pk)
    if request.method == "POST":
        try:
            pins.move(application, version, to=revision, actor=request.user)
        except Problem as problem:
            messages.error(request, problem.detail)
        else:
            words = _("%(api)s is served in %(revision)s from now on.")
            said = {"api": standing.version.api, "revision": revision}
            messages.success(request, words % said)
        return redirect("portal:applications-revisions", application.pk)
    passed = [one for one in standing.newer if one.name <= revision]
    context = {
        "application": application,
        "standing": standing,
        "revision": revision,
        "back": revision < standing.revision,
        "changes": [(one.name, _html(one)) for one in reversed(passed)],
        "hours": pins.BACK_FOR.days * 24,
    }
    return render(request, "portal/revisions/move.html", context)


def _story(standing: Standing) -> Story:
    here = standing.revision
    states = {True: "ahead", False: "behind"}
    steps = [
        Step(
            one.name,
            _html(one),
            "here" if one.name == here else states[one.name > here],
            may_return=one.name == standing.former,
        )
        for one in reversed(standing.history.revisions)
    ]
    return Story(standing, steps, _command(standing))


def _command(standing: Standing) -> str:
    """Return a call that tries the next revision, of an operation that it changed."""
    wanted = standing.newer[0].name if standing.newer else standing.history.newest
    lists = standing.version.operations.filter(method="GET").exclude(path__contains="{")
    touched = {
        name
        for revision in standing.history.revisions
        for function in revision.functions
        for name in function.operations
    }
    found = lists.filter(name__in=touched).order_by("path").first() or lists.first()
    path = f"{standing.version.prefix}{found.path if found else ''}"
    return "\n".join(
        (
            f'curl "{settings.API_URL}{path}" \\',
            '  -H "Authorization: Bearer $KEY" \\',
            f'  -H "Trellis-Version: {wanted}"',
        )
    )


def _html(revision: Revision) -> SafeString:
    return markdown(revision.words).html
