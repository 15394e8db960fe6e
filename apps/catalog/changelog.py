"""The changelog: what callers of a version must know of each time that it was published again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.catalog.breaking import Weight
from apps.catalog.differences import MOST, Difference
from apps.catalog.editing import Actor, save
from apps.catalog.models import ApiVersion, Entry
from apps.core.errors import Unprocessable

DAY: Final = "%-d %B %Y"


def note(version: ApiVersion, found: Sequence[Difference]) -> Entry | None:
    """Write down what a version does differently from now on; None when that is nothing."""
    if not found:
        return None
    weights = [one.weight for one in found]
    return Entry.objects.create(
        version=version,
        changes=[one.as_json() for one in found[:MOST]],
        left_out=max(0, len(found) - MOST),
        breaking=weights.count(Weight.BREAKS),
        risky=weights.count(Weight.MAY_BREAK),
    )


def note_end(version: ApiVersion, *, was: tuple[datetime | None, datetime | None]) -> None:
    """Write down that a version was announced to end, or no longer is."""
    moments = zip(was, (version.deprecated_at, version.sunset_at), strict=True)
    kinds = (("version_deprecated", "version_kept"), ("version_ends", "version_stays"))
    note(
        version,
        [
            Difference(set_ if after else taken, after=f"{after:{DAY}}" if after else "")
            for (set_, taken), (before, after) in zip(kinds, moments, strict=True)
            if before != after
        ],
    )


def agree(found: Iterable[Difference], place: str, *, breaking: bool) -> None:
    """Refuse differences that break programs, unless somebody said that this is meant."""
    broken = [one for one in found if one.weight == Weight.BREAKS]
    if broken and not breaking:
        many = "1 change breaks" if len(broken) == 1 else f"{len(broken)} changes break"
        raise Unprocessable(
            f"{many} programs that call {place}, such as: {broken[0]} "
            "Publish it as another major version, or say that you mean it."
        )


@transaction.atomic
def explain(entry: Entry, *, words: str, reason: str, actor: Actor) -> bool:
    """Put the operator's words above an entry; tell whether they are new."""
    about = {"api": entry.version.api.slug, "major": entry.version.major}
    wanted = {"words": words.strip()}
    return save("catalog.changelog_explained", entry, wanted, reason=reason, actor=actor, **about)
