"""What every installation begins with: the catalog's native APIs, plans, and terms of service."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.accounts import services as accounts
from apps.plans import services as plans

TERMS_VERSION = "2026-11"
TERMS_FROM = datetime(2026, 11, 1, tzinfo=UTC)


def _limits(burst: int, month: int) -> list[dict[str, Any]]:
    return [
        {"name": "burst", "kind": "rate", "scope": "application", "limit": burst, "window": 1},
        {
            "name": "month",
            "kind": "quota",
            "scope": "application",
            "limit": month,
            "period": "month",
        },
    ]


PLANS = {
    "free": ("Free", "To build against, and for small things.", _limits(50, 100_000)),
    "growth": ("Growth", "For applications with customers.", _limits(200, 2_000_000)),
    "scale": ("Scale", "For what many depend on.", _limits(2_000, 50_000_000)),
}


def publish_plans() -> None:
    """Publish the plans; an operator's newer versions stay in force."""
    for slug, (name, summary, limits) in PLANS.items():
        if not plans.exists(slug):
            plans.publish(
                slug,
                name=name,
                summary=summary,
                limits=limits,
                is_default=slug == "free",
                is_public=True,
            )


def publish_terms() -> None:
    """Publish the first terms of service, unless that version exists."""
    body = (settings.DOCS / "terms.md").read_text(encoding="utf-8")
    accounts.publish_terms(TERMS_VERSION, body=body, effective_at=TERMS_FROM)
