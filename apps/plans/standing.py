"""Which limits hold for an application now, and what is left of them.

What is left is asked of Valkey with the gateways' own script, which then takes nothing. While a
gateway holds a lease, what it has not used yet counts as used for some milliseconds.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import redis
from redis.commands.core import Script

from apps.applications.models import Application
from apps.core import clock, valkey
from apps.plans import layout, limits
from apps.plans.layout import Slot, Whom
from apps.plans.limits import Policy
from apps.plans.models import Override, Subscription

ENDED = -1
HEAD = 4  # numbers of an answer before those of the slots

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """One limit. ``left`` is None where nobody can tell, ``resets_at`` while nothing is used."""

    policy: Policy
    left: int | None = None
    resets_at: datetime | None = None
    until: datetime | None = None  # of an override

    @property
    def used(self) -> int | None:
        """Return how much of it is used."""
        return None if self.left is None else max(0, self.policy.most - self.left)


@dataclass(frozen=True, slots=True)
class Held:
    """To what an application is held: by its plan, and for a while by an override."""

    subscription: Subscription | None
    override: Override | None
    policies: tuple[Policy, ...]
    instead: frozenset[str]  # names of those that an override gave


def held(application: str) -> Held:
    """Return the limits that hold for an application now."""
    subscribed = Subscription.objects.select_related("version__plan").filter(pk=application)
    subscription = subscribed.first()
    override = Override.objects.open().filter(application=application).first()
    base = limits.parse(subscription.version.limits) if subscription else ()
    other = limits.parse(override.limits) if override else ()
    names = frozenset(policy.name for policy in other)
    return Held(subscription, override, limits.merge(base, other), names)


def standings(
    application: Application | str, *, key: str = "", subject: str = ""
) -> list[Standing]:
    """Return every limit of an application, with what is left for it, its key and an end user."""
    name = application if isinstance(application, str) else application.pk
    found = held(name)
    told = _look(found.policies, Whom(name, key, subject))
    until = found.override.ends_at if found.override else None
    return [
        Standing(
            policy,
            *told.get(policy.name, (None, None)),
            until=until if policy.name in found.instead else None,
        )
        for policy in found.policies
    ]


def _look(
    policies: tuple[Policy, ...], whom: Whom
) -> dict[str, tuple[int | None, datetime | None]]:
    """Return left and reset of each policy that counts somebody; nothing without Valkey."""
    now = clock.real()
    for at in (now, now + timedelta(seconds=2)):  # Valkey's clock may be ahead of ours.
        laid = layout.lay(policies, whom, 1, at.timestamp())
        if not laid.slots:
            return {}
        keys, values = layout.arguments(laid, 0)
        try:
            told = _script()(keys=keys, args=values)
        except redis.RedisError as error:
            log.warning("What is left of limits cannot be told: %s", error)
            return {}
        if told[0] != ENDED:
            numbers = zip(laid.slots, told[HEAD::2], told[HEAD + 1 :: 2], strict=True)
            return {slot.policy.name: _said(slot, left, reset, at) for slot, left, reset in numbers}
    return {}


def _said(slot: Slot, left: int, reset: int, now: datetime) -> tuple[int, datetime | None]:
    left = -1 - left if left < 0 and slot.policy.shadow else left
    if slot.ends:
        return max(0, left), datetime.fromtimestamp(slot.ends, UTC)
    return max(0, left), now + timedelta(microseconds=reset) if reset > 0 else None


@cache
def _script() -> Script:
    return valkey.client().register_script(layout.SCRIPT)
