"""Telling those who answer for applications that these still use what ends.

An operator writes one letter and sends it to everybody whom it concerns: once in a campaign about
one thing, however often somebody presses the button.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.notifications import services as notifications
from apps.orgs.recipients import responsible
from apps.usage import selectors as usage
from apps.usage.models import Letter
from apps.usage.selectors.ending import Calls, Subject

TEMPLATE: Final = "still_calling"
CAMPAIGN_LIMIT: Final = 80
WORDS_LIMIT: Final = 5_000


@dataclass(frozen=True, slots=True)
class Addressee:
    """An application that still calls: how often live and in its sandbox, and who was told."""

    application: Application
    calls: tuple[Calls, ...]
    told: bool  # in this campaign already


def addressees(subject: Subject, *, campaign: str) -> list[Addressee]:
    """Return the applications that a letter about ``subject`` concerns."""
    sent = Letter.objects.filter(subject=subject.key, campaign=campaign)
    told = set(sent.values_list("application", flat=True))
    calls: dict[str, list[Calls]] = {}
    for one in usage.still_calling(subject):
        calls.setdefault(one.application.pk, []).append(one)
    return [Addressee(rows[0].application, tuple(rows), pk in told) for pk, rows in calls.items()]


def written(subject: Subject, addressee: Addressee, *, words: str) -> str:
    """Return the text of the letter as one application's people will read it."""
    about = {"brand": settings.BRAND, "portal_url": settings.PORTAL_URL}
    return render_to_string(f"emails/{TEMPLATE}.txt", about | _context(subject, addressee, words))


@transaction.atomic
def send(subject: Subject, *, campaign: str, words: str, actor: User) -> int:
    """Write to everybody who was not written to in this campaign; return for how many."""
    if not campaign.strip() or len(campaign) > CAMPAIGN_LIMIT:
        raise Unprocessable("Give the campaign a name: nobody gets a second letter under it.")
    found = addressees(subject, campaign=campaign)
    return sum(_send(subject, one, campaign, words, actor) for one in found)


def letters(subject: Subject) -> QuerySet[Letter]:
    """Return what was sent about a subject, the newest first."""
    sent = Letter.objects.filter(subject=subject.key).select_related("application", "sent_by")
    return sent.order_by("-sent_at", "-pk")


def _send(subject: Subject, to: Addressee, campaign: str, words: str, actor: User) -> bool:
    application = to.application
    _, made = Letter.objects.get_or_create(
        subject=subject.key,
        campaign=campaign,
        application=application,
        defaults={"words": words, "sent_by": actor},
    )
    if not made:
        return False
    events.emit(
        "usage.letter_sent",
        application,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        subject=subject.key,
        campaign=campaign,
    )
    notifications.notify(
        responsible(application.organization_id, maker=application.created_by_id),
        subject=f"{application} still uses {subject}",
        template=TEMPLATE,
        context=_context(subject, to, words),
    )
    return True


def _context(subject: Subject, to: Addressee, words: str) -> dict[str, Any]:
    page = f"/docs/moving/{subject.api}/{subject.version}"
    context = {"subject": subject, "application": to.application, "calls": to.calls}
    return context | {"words": words.strip(), "page": page, "month": usage.MONTH}
