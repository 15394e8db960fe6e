"""What changed in the APIs: as pages, as a feed, and as Markdown for programs that read."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from apps.catalog.breaking import Weight
from apps.catalog.models import Api, Entry, EntryQuerySet
from portal import library
from portal.markdown import render as markdown
from portal.views.docs import private

PAGE: Final = 20  # entries
FEED: Final = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """The entries that somebody asked for, of those that he may see."""

    entries: EntryQuerySet
    apis: list[Api]
    api: Api | None
    breaking: bool

    @property
    def query(self) -> str:
        """Return what of an address stands for the choice."""
        parts = [f"api={self.api.slug}"] if self.api else []
        return "&".join([*parts, *(["breaking=1"] if self.breaking else [])])


@require_safe
@private
def index(request: HttpRequest) -> HttpResponse:
    """Show the newest entries, or those before one."""
    chosen = _chosen(request)
    entries = chosen.entries
    if before := request.GET.get("before", ""):
        entries = entries.filter(at__lt=_entry(request, before).at)
    shown = list(entries[: PAGE + 1])
    context = {
        "guides": library.guides(),
        "chosen": chosen,
        "entries": [_told(entry) for entry in shown[:PAGE]],
        "older": shown[PAGE - 1].pk if len(shown) > PAGE else "",
    }
    return render(request, "portal/docs/changelog.html", context)


@require_safe
@private
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    """Show one entry with all its changes."""
    found = _entry(request, entry_id)
    context = {"guides": library.guides(), "told": _told(found)}
    return render(request, "portal/docs/changelog_entry.html", context)


@require_safe
@private
def source(request: HttpRequest) -> HttpResponse:
    """Answer with the newest entries as Markdown."""
    entries = [_told(entry) for entry in _chosen(request).entries[:FEED]]
    context = {"entries": entries, "portal_url": settings.PORTAL_URL}
    text = render_to_string("portal/docs/changelog.md", context)
    return HttpResponse(text, content_type="text/markdown; charset=utf-8")


@require_safe
@private
def feed(request: HttpRequest) -> HttpResponse:
    """Answer with the newest entries as an Atom feed (RFC 4287)."""
    chosen = _chosen(request)
    here = f"{settings.PORTAL_URL}{reverse('portal:changelog')}"
    whole = f"?{chosen.query}" if chosen.query else ""
    made = Atom1Feed(
        title=_("Changes of %(api)s") % {"api": chosen.api or settings.BRAND["name"]},
        link=f"{here}{whole}",
        description="",
        feed_url=f"{settings.PORTAL_URL}{reverse('portal:changelog-feed')}{whole}",
        author_name=settings.BRAND["name"],
    )
    for one in chosen.entries[:FEED]:
        about = _told(one)
        made.add_item(
            title=about["title"],
            link=f"{settings.PORTAL_URL}{reverse('portal:changelog-entry', args=[one.pk])}",
            description=render_to_string("portal/docs/_changes.html", about),
            pubdate=one.at,
            updateddate=one.at,
        )
    return HttpResponse(made.writeString("utf-8"), content_type="application/atom+xml")


def _chosen(request: HttpRequest) -> Chosen:
    apis = list(Api.objects.visible_to(request.user).order_by("name", "slug"))
    asked, breaking = request.GET.get("api", ""), "breaking" in request.GET
    api = next((one for one in apis if one.slug == asked), None)
    if asked and api is None:
        raise Http404
    entries = Entry.objects.visible_to(request.user).newest_first()
    if api:
        entries = entries.filter(version__api=api)
    return Chosen(entries.filter(breaking__gt=0) if breaking else entries, apis, api, breaking)


def _entry(request: HttpRequest, entry_id: str) -> Entry:
    return get_object_or_404(Entry.objects.visible_to(request.user).newest_first(), pk=entry_id)


def _told(entry: Entry) -> dict[str, Any]:
    """Return an entry as templates show it."""
    changes = entry.differences
    announced = all(one.kind.startswith("version_") for one in changes)
    return {
        "entry": entry,
        "title": _title(entry, announced=announced),
        "announced": announced,
        "groups": [
            (weight, found)
            for weight in Weight
            if (found := [one for one in changes if one.weight == weight])
        ],
        "words": markdown(entry.words, library.addresses()).html if entry.words else "",
    }


def _title(entry: Entry, *, announced: bool) -> str:
    version = f"{entry.version.api.name} v{entry.version.major}"
    if announced:  # Its words say it all.
        return version
    if number := entry.breaking:
        many = ngettext("%(number)s breaking change", "%(number)s breaking changes", number)
    else:
        number = len(entry.changes) + entry.left_out
        many = ngettext("%(number)s change", "%(number)s changes", number)
    return f"{version}: {many % {'number': number}}"
