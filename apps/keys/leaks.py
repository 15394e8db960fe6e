"""What was found where it does not belong: what is done depends on the operator's policy."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from apps.accounts.models import User
from apps.core import clock, leaks, secrets
from apps.core.leaks import Leakable
from apps.keys import mails
from apps.keys.models import LeakReport

Policy = LeakReport.Policy
FORM: Final = "the form “I found a key”"
MOST_PLACES = 20  # findings that are written down for one credential; more add nothing
BATCH = 100
URL_LIMIT, PLACE_LIMIT = 500, 40
_ENTRY: Final = re.compile(r"(live|test)(?:_([krpafdcgi]))?:(notify|revoke|grace)")


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


def policy_for(leaked: Leakable) -> LeakReport.Policy:
    """Return what happens to what leaked: its kind's policy, or its environment's."""
    environment = "live" if leaked.livemode else "test"
    known = policies(settings.LEAK_POLICY)
    return known.get(f"{environment}_{leaked.kind}") or known.get(environment) or Policy.NOTIFY


@transaction.atomic
def report(findings: Sequence[Finding], *, reporter: str) -> list[bool]:
    """Act on what was found; say of each finding whether it is a credential of this platform."""
    known = leaks.find(finding.token for finding in findings)
    # What opens nothing any more troubles nobody.
    wanted = sorted({leaked.subject for leaked in known.values() if leaked.is_open})
    held = leaks.hold(wanted)
    earlier = dict[str, set[tuple[str, str]]]()
    for subject, *place in LeakReport.objects.filter(subject__in=wanted).values_list(
        "subject", "reporter", "url"
    ):
        earlier.setdefault(subject, set()).add((place[0], place[1]))
    for finding in findings:
        leaked = known.get(finding.token)
        if leaked is None or leaked.subject not in held:
            continue
        places = earlier.setdefault(leaked.subject, set())
        still = replace(leaked, is_open=held[leaked.subject].is_open)
        if _record(still, finding, reporter, places):
            del held[leaked.subject]
    return [finding.token in known for finding in findings]


def settle() -> int:
    """Close what has had its grace period; return how many reports were settled."""
    due = LeakReport.objects.filter(settled_at=None, due_at__lte=clock.real())
    return sum(_settle(pk) for pk in due.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def dismiss(leak: LeakReport, *, reason: str, actor: User) -> None:
    """Let what was found live on; only an operator may."""
    waiting = LeakReport.objects.filter(pk=leak.pk, settled_at=None)
    if waiting.update(settled_at=clock.real(), due_at=None):
        for leaked in leaks.hold([leak.subject]).values():
            leaked.record("leak_dismissed", actor=actor, report=leak.pk, reason=reason)
    leak.refresh_from_db()


def _record(
    leaked: Leakable, finding: Finding, reporter: str, earlier: set[tuple[str, str]]
) -> bool:
    """Write a finding down, once; say whether it closed what leaked.

    The first one about a credential sends the mail.
    """
    url = _clean(finding.url)[:URL_LIMIT]
    if not leaked.is_open or (reporter, url) in earlier or len(earlier) >= MOST_PLACES:
        return False
    now, policy = clock.real(), policy_for(leaked)
    waits = policy is Policy.GRACE
    leak = LeakReport.objects.create(
        subject=leaked.subject,
        key_id=leaked.subject if leaked.kind in secrets.KEYS else None,
        reporter=reporter,
        url=url,
        place=_clean(finding.place)[:PLACE_LIMIT],
        policy=policy,
        reported_at=now,
        due_at=now + timedelta(hours=settings.LEAK_GRACE_HOURS) if waits else None,
        settled_at=None if waits else now,
    )
    leaked.record("leaked", actor=None, report=leak.pk, url=url, policy=policy.value)
    if policy is Policy.REVOKE:
        leaked.close("Found in public.")
    if not earlier:
        mails.leaked(leak, leaked)
    earlier.add((reporter, url))
    return policy is Policy.REVOKE


@transaction.atomic
def _settle(pk: str) -> bool:
    free = LeakReport.objects.select_for_update(skip_locked=True, of=("self",))
    leak = free.filter(pk=pk, settled_at=None).first()
    if leak is None:
        return False
    for leaked in leaks.hold([leak.subject]).values():
        leaked.close("Found in public; its grace period is over.")
    leak.settled_at = clock.real()
    leak.save(update_fields=["settled_at"])
    return True


def _clean(text: str) -> str:
    """Return ``text`` without control characters and without any credential in it."""
    readable = "".join(character for character in text if character.isprintable())
    return leaks.shapes().sub("***", readable)
