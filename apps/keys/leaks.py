"""Keys that were found where they do not belong: what is done depends on the operator's policy."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from apps.accounts.models import User
from apps.core import clock, secrets
from apps.keys import mails
from apps.keys import services as keys
from apps.keys.models import Key, LeakReport

Policy = LeakReport.Policy
FORM: Final = "the form “I found a key”"
MOST_PLACES = 20  # findings that are written down for one key; more add nothing
BATCH = 100
URL_LIMIT, PLACE_LIMIT = 500, 40
_ENTRY: Final = re.compile(r"(live|test)(?:_([krp]))?:(notify|revoke|grace)")
_ANY_KIND: Final = "krpafdcgi"


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of a report."""

    token: str
    url: str = ""
    place: str = ""


def policies(text: str) -> dict[str, LeakReport.Policy]:
    """Read TRELLIS_LEAK_POLICY: ``live:grace,live_p:notify`` and so on."""
    found = {}
    for entry in filter(None, (item.strip() for item in text.split(","))):
        if not (match := _ENTRY.fullmatch(entry)):
            raise ImproperlyConfigured(
                f"TRELLIS_LEAK_POLICY holds {entry!r}; write live:grace or test_p:notify, with "
                "notify, revoke or grace."
            )
        found[entry.partition(":")[0]] = Policy(match[3])
    return found


def policy_for(key: Key) -> LeakReport.Policy:
    """Return what happens to a leaked ``key``: its kind's policy, or its environment's."""
    environment = "live" if key.tenant.livemode else "test"
    known = policies(settings.LEAK_POLICY)
    return known.get(f"{environment}_{key.kind}") or known.get(environment) or Policy.NOTIFY


@transaction.atomic
def report(findings: Sequence[Finding], *, reporter: str) -> list[bool]:
    """Act on what was found; say of each finding whether it is a key of this platform."""
    known = find_all(finding.token for finding in findings)
    wanted = [key.pk for key in known.values() if key.is_open]  # Others open nothing any more.
    locked = Key.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    held = {key.pk: key for key in locked.select_related("application", "tenant")}
    earlier = dict[str, set[tuple[str, str]]]()
    for pk, *place in LeakReport.objects.filter(key__in=wanted).values_list(
        "key", "reporter", "url"
    ):
        earlier.setdefault(pk, set()).add((place[0], place[1]))
    for finding in findings:
        key = held.get(known[finding.token].pk) if finding.token in known else None
        if key is not None:
            _record(key, finding, reporter, earlier.setdefault(key.pk, set()))
    return [finding.token in known for finding in findings]


def find_all(tokens: Iterable[str]) -> dict[str, Key]:
    """Return the keys that well-formed ``tokens`` belong to, in one query."""
    shape = secrets.pattern(settings.BRAND["key_prefix"])
    digests: dict[bytes, str] = {}
    for token in set(tokens):
        try:
            secrets.read(token, shape)
        except ValueError:
            continue
        digests |= {secrets.digest(token, pepper): token for _, pepper in settings.KEY_PEPPERS}
    found = Key.objects.filter(digest__in=list(digests)).select_related("application", "tenant")
    return {digests[bytes(key.digest)]: key for key in found} if digests else {}


def settle() -> int:
    """Revoke the keys whose grace period is over; return how many reports were settled."""
    due = LeakReport.objects.filter(settled_at=None, due_at__lte=clock.real())
    return sum(_settle(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def dismiss(leak: LeakReport, *, reason: str, actor: User) -> None:
    """Let a key live on although it was found; only an operator may."""
    waiting = LeakReport.objects.filter(pk=leak.pk, settled_at=None)
    if waiting.update(settled_at=clock.real(), due_at=None):
        keys.record("key.leak_dismissed", leak.key, actor=actor, report=leak.pk, reason=reason)
    leak.refresh_from_db()


def _record(key: Key, finding: Finding, reporter: str, earlier: set[tuple[str, str]]) -> None:
    """Write a finding down, once; the first one about a key sends the mail."""
    url = _clean(finding.url)[:URL_LIMIT]
    if not key.is_open or (reporter, url) in earlier or len(earlier) >= MOST_PLACES:
        return
    now, policy = clock.real(), policy_for(key)
    waits = policy is Policy.GRACE
    leak = LeakReport.objects.create(
        key=key,
        reporter=reporter,
        url=url,
        place=_clean(finding.place)[:PLACE_LIMIT],
        policy=policy,
        reported_at=now,
        due_at=now + timedelta(hours=settings.LEAK_GRACE_HOURS) if waits else None,
        settled_at=None if waits else now,
    )
    keys.record("key.leaked", key, actor=None, report=leak.pk, url=url, policy=policy.value)
    if policy is Policy.REVOKE:
        keys.revoke(key, actor=None, reason="Found in public.")
    if not earlier:
        mails.leaked(leak)
    earlier.add((reporter, url))


@transaction.atomic
def _settle(pk: str) -> bool:
    free = LeakReport.objects.select_for_update(skip_locked=True, of=("self",))
    leak = free.filter(pk=pk, settled_at=None).first()
    if leak is None:
        return False
    keys.revoke(leak.key, actor=None, reason="Found in public; its grace period is over.")
    leak.settled_at = clock.real()
    leak.save(update_fields=["settled_at"])
    return True


def _clean(text: str) -> str:
    """Return ``text`` without control characters and without any credential in it."""
    readable = "".join(character for character in text if character.isprintable())
    shape = secrets.pattern(settings.BRAND["key_prefix"], _ANY_KIND)
    return shape.sub("***", readable)
