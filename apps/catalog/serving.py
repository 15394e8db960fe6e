"""What can happen to upstreams: the HTTP services that APIs are served by."""

import re
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from apps.catalog import upstreams
from apps.catalog.editing import Actor, placed, sense
from apps.catalog.models import Target, Upstream
from apps.catalog.services import SLUG
from apps.core.errors import Unprocessable
from apps.core.members import Invalid
from apps.events import services as events

HEAVIEST: Final = 1_000


@transaction.atomic
def set_upstream(
    slug: str,
    *,
    targets: Mapping[str, int],
    settings: Any = None,
    reason: str = "",
    actor: Actor,
) -> Upstream:
    """Describe an upstream by its targets' addresses and weights; the same again changes nothing.

    Settings that are None stay as they are. Gateways finish what is under way at a former target.
    """
    wanted = check(slug, targets)
    if settings is not None:
        with sense(), placed("settings"):
            upstreams.parse(settings)
    upstream, made = Upstream.objects.select_for_update().get_or_create(slug=slug)
    before: dict[str, int] = dict(upstream.targets.values_list("url", "weight"))
    described = upstream.settings if settings is None else settings
    if not made and before == wanted and upstream.settings == described:
        return upstream
    was, upstream.settings = upstream.settings, described
    upstream.save(update_fields=["settings"])
    upstream.targets.exclude(url__in=wanted).delete()
    Target.objects.bulk_create(
        [Target(upstream=upstream, url=url, weight=weight) for url, weight in wanted.items()],
        update_conflicts=True,
        unique_fields=["upstream", "url"],
        update_fields=["weight"],
    )
    events.emit(
        "catalog.upstream_changed",
        upstream,
        actor=actor,
        upstream=slug,
        targets=[before, wanted],
        settings=[was, described],
        reason=reason,
    )
    return upstream


def check(slug: str, targets: Mapping[str, int]) -> dict[str, int]:
    """Return an upstream's targets as they are kept; Unprocessable when they make no sense."""
    with sense():
        if not re.fullmatch(SLUG, slug):
            raise Invalid(f"{slug!r} cannot be an upstream's name: write it as shop or my-shop.")
        return _targets(targets)


@transaction.atomic
def remove_upstream(upstream: Upstream, *, reason: str = "", actor: Actor) -> None:
    """Forget an upstream that serves nothing."""
    if served := [str(one) for one in upstream.versions.defer("document").select_related("api")]:
        raise Unprocessable(f"{upstream} serves {', '.join(sorted(served))}: move these first.")
    slug = upstream.slug
    events.emit("catalog.upstream_removed", upstream, actor=actor, upstream=slug, reason=reason)
    upstream.delete()


def _targets(targets: Mapping[str, int]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for url, weight in targets.items():
        address = upstreams.address(url)
        if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= HEAVIEST:
            raise Invalid(f"The weight of {url} must be a whole number from 0 to {HEAVIEST:,}.")
        if address in wanted:
            raise Invalid(f"{url} stands twice.")
        wanted[address] = weight
    if not any(wanted.values()):
        raise Invalid("An upstream needs a target with a weight above 0.")
    return wanted
