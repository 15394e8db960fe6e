"""What the owners of a credential are told by mail."""

from typing import Any

from apps.core.leaks import Leakable
from apps.keys.models import Key, LeakReport
from apps.notifications import services as notifications
from apps.orgs.recipients import responsible


def recipients(key: Key) -> list[str]:
    """Return who answers for ``key``."""
    return responsible(key.application.organization_id, maker=key.created_by_id)


def still_used(key: Key) -> None:
    """Warn that an old key is in use although its overlap ends soon."""
    _write(
        key,
        f"{key.name}: the old key is still in use",
        "key_still_used",
        ends_at=key.expires_at,
        path=f"/keys/{key.pk}/hand-over",
    )


def leaked(report: LeakReport, what: Leakable) -> None:
    """Tell where a credential was found and what happens next."""
    notifications.notify(
        what.recipients(),
        subject=f"{what.title} was found in public",
        template="leaked",
        context={"leaked": what, "report": report},
    )


def _write(key: Key, subject: str, template: str, **context: Any) -> None:
    notifications.notify(
        recipients(key), subject=subject, template=template, context={"key": key, **context}
    )
