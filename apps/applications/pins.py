"""In which dated revision of each API an application is served, and moving it to another.

An application begins with the newest of every API. It moves on when its developers say so, and back
to where it was for a while: a move that goes wrong is undone, but revisions are not hopped between.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.applications.errors import WayBackClosed
from apps.applications.models import Application, Pin
from apps.catalog import revisions
from apps.catalog.models import Api, ApiVersion
from apps.catalog.revisions import History, Revision
from apps.core import clock
from apps.core.errors import Missing, Unprocessable
from apps.events import services as events
from apps.orgs.actors import Actor

BACK_FOR: Final = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an application stands with one version of an API.

    ``former`` is where it may go back to until ``back_until``, empty when that is over. Without
    ``since`` it never had a pin.
    """

    version: ApiVersion
    history: History
    revision: str
    since: datetime | None
    former: str
    back_until: datetime | None

    @property
    def newer(self) -> list[Revision]:
        """Return what came since, oldest first."""
        return self.history.after(self.revision)

    @property
    def is_newest(self) -> bool:
        """Tell whether there is nothing to move to."""
        return self.revision == self.history.newest


def begin(application: Application) -> None:
    """Pin a new application to the newest revision of every API."""
    Pin.objects.bulk_create(
        [
            Pin(application=application, version=version, revision=history.newest)
            for version, history in revisions.registered.items()
        ]
    )


def standings(application: Application) -> list[Standing]:
    """Return where it stands with each version that has revisions and that it may know of."""
    shown = ApiVersion.objects.filter(
        api__in=Api.objects.shown_to(application.organization_id)
    ).listed()
    pins = {pin.version: pin for pin in application.pins.all()}
    return [
        _standing(version, history, pins.get(str(version)))
        for version in shown
        if (history := revisions.registered.get(str(version)))
    ]


def standing(application: Application, version: str) -> Standing:
    """Return where it stands with one version; Missing where there is nothing to move between."""
    for found in standings(application):
        if str(found.version) == version:
            return found
    raise Missing(f"{version[:80]} has no dated revisions.")


@transaction.atomic
def move(
    application: Application,
    version: str,
    *,
    to: str,
    actor: Actor,
    reason: str = "",
    freely: bool = False,
) -> Standing:
    """Serve an application in another revision from now on: a newer one, or the one it came from.

    Operators move it ``freely``. The same again changes nothing.
    """
    Application.objects.select_for_update().get(pk=application.pk)
    now = standing(application, version)
    _check(now, to, freely=freely)
    if to == now.revision:
        return now
    Pin.objects.update_or_create(
        application=application,
        version=version,
        defaults={
            "revision": to,
            "since": clock.real(),
            "former": now.revision if to > now.revision else "",
        },
    )
    events.emit(
        "application.revision_changed",
        application,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        version=version,
        revision=[now.revision, to],
        **({"reason": reason} if reason else {}),
    )
    return standing(application, version)


def _check(now: Standing, to: str, *, freely: bool) -> None:
    """Refuse what is no revision, or no longer within reach."""
    names = now.history.names
    if to not in names:
        raise Unprocessable(
            f"{now.version} has no revision {to[:40]!r}. There are: {', '.join(names)}.",
            param="revision",
        )
    if to < now.revision and to != now.former and not freely:
        raise WayBackClosed(
            f"{now.version} is served in {now.revision}. An application can go back to what it "
            f"was moved from, for {BACK_FOR // timedelta(hours=1)} hours."
        )


def _standing(version: ApiVersion, history: History, pin: Pin | None) -> Standing:
    revision = history.applied(pin.revision if pin else "")
    ends = pin.since + BACK_FOR if pin and pin.former in history.names else None
    former = pin.former if pin and ends and ends > clock.real() else ""
    return Standing(
        version,
        history,
        revision,
        since=pin.since if pin else None,
        former=former,
        back_until=ends if former else None,
    )
