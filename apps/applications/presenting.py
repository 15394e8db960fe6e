"""What people read when an application asks them to trust it: as a reviewer saw it.

A developer may change name, home page and logo at any time. Of an application that was approved,
people go on reading what was approved until a reviewer has looked at the change: otherwise a tool
for invoices becomes somebody's bank over night, and is still called verified.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from apps.accounts.models import User
from apps.applications.errors import WrongState
from apps.applications.models import Application, Logo, Presentation
from apps.core import clock
from apps.events import services as events

LABELS: Final = {
    "name": "Name",
    "publisher": "Organization",
    "homepage": "Home page",
    "logo": "Logo",
}


@dataclass(frozen=True, slots=True)
class Face:
    """How an application looks: ``logo`` is the picture's digest, ``publisher`` who makes it."""

    name: str
    publisher: str
    homepage: str
    logo: str

    @property
    def mark(self) -> str:
        """Return by what it is known again."""
        return hashlib.sha256(str(self).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.name}\n{self.publisher}\n{self.homepage}\n{self.logo}"


@dataclass(frozen=True, slots=True)
class Change:
    """What people read, and what they would."""

    part: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """Return what it is, in words."""
        return LABELS[self.part]

    @property
    def in_words(self) -> str:
        """Return both, as text; of pictures how their digests begin."""
        pair = [text[:12] if self.part == "logo" else text for text in (self.before, self.after)]
        return " becomes ".join(text or "none" for text in pair)


def wanted(application: Application) -> Face:
    """Return how its developers want it to look."""
    logo = _logo(application)
    return Face(
        application.name,
        application.organization.name,
        application.homepage,
        logo.digest if logo else "",
    )


def approved(application: Application) -> Face | None:
    """Return how it looked when a reviewer agreed to it last, if one ever did."""
    kept: Presentation | None = getattr(application, "presentation", None)
    return Face(kept.name, kept.publisher, kept.homepage, kept.digest) if kept else None


def shown(application: Application) -> Face:
    """Return what people read."""
    return approved(application) or wanted(application)


def is_verified(application: Application) -> bool:
    """Tell whether a reviewer agreed to what people read, and to the application itself."""
    return application.state == Application.State.APPROVED and approved(application) is not None


def comparison(application: Application) -> list[Change]:
    """Return each part as people read it, or nothing yet, and as the developers want it."""
    before, after = approved(application), wanted(application)
    return [Change(part, getattr(before, part, ""), getattr(after, part)) for part in LABELS]


def changes(application: Application) -> list[Change]:
    """Return what people do not read yet; of what was never approved that is nothing."""
    if approved(application) is None:
        return []
    return [one for one in comparison(application) if one.before != one.after]


def is_waiting(application: Application) -> bool:
    """Tell whether a reviewer has to look at changes."""
    there = application.state == Application.State.APPROVED and bool(changes(application))
    return there and application.presentation.refused != str(wanted(application))


@transaction.atomic
def approve(application: Application, *, seen: str | None = None, actor: User) -> None:
    """Let people read what the developers of an approved application want now."""
    fresh = _held(application, seen)
    if not changes(fresh):
        raise WrongState(f"No changes of {fresh} wait for review.")
    _keep(fresh)
    _record("application.presentation_approved", fresh, actor)
    application.refresh_from_db()


@transaction.atomic
def keep(application: Application, *, seen: str | None = None) -> None:
    """Write down what people read from now on, if it is still what a reviewer has ``seen``."""
    _keep(_held(application, seen))
    application.refresh_from_db()


def _keep(fresh: Application) -> None:
    face, logo = wanted(fresh), _logo(fresh)
    Presentation.objects.update_or_create(
        application=fresh,
        defaults={
            "name": face.name,
            "publisher": face.publisher,
            "homepage": face.homepage,
            "png": logo.png if logo else None,
            "digest": face.logo,
            "approved_at": clock.real(),
            "refused": "",
            "refused_because": "",
        },
    )


@transaction.atomic
def refuse(application: Application, *, reason: str, seen: str | None = None, actor: User) -> None:
    """Leave what people read as it is; the developers' wish stays, for them to change."""
    fresh = _held(application, seen)
    if not is_waiting(fresh):
        raise WrongState(f"No changes of {fresh} wait for review.")
    Presentation.objects.filter(application=fresh).update(
        refused=str(wanted(fresh)), refused_because=reason
    )
    _record("application.presentation_refused", fresh, actor)
    application.refresh_from_db()


def _logo(application: Application) -> Logo | None:
    return getattr(application, "logo", None)


def _held(application: Application, seen: str | None) -> Application:
    """Return the application as it is now, and as it stays until the decision is taken."""
    known = Application.objects.select_for_update(of=("self",)).select_related("organization")
    fresh = known.get(pk=application.pk)
    if fresh.state != Application.State.APPROVED:
        raise WrongState(f"{fresh} is {fresh.get_state_display().lower()}.")
    if seen is not None and seen != wanted(fresh).mark:
        raise WrongState(f"{fresh} was changed meanwhile. Look at it again.")
    return fresh


def _record(kind: str, application: Application, actor: User) -> None:
    face = wanted(application)
    events.emit(
        kind,
        application,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        name=face.name,
        publisher=face.publisher,
        homepage=face.homepage,
        logo=face.logo,
    )
