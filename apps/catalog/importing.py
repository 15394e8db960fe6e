"""The admin's way from a document to an API: read it, look at the difference, publish it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.catalog import publishing, serving
from apps.catalog import services as catalog
from apps.catalog.breaking import Weight
from apps.catalog.changes import Change
from apps.catalog.differences import Difference
from apps.catalog.models import ApiVersion, Draft, Upstream
from apps.catalog.openapi import Described
from apps.core import clock

LIFE = timedelta(days=1)


def keep(document: Any, *, source: str, actor: User) -> Draft:
    """Keep a document until it is published, a day at most."""
    Draft.objects.filter(created_at__lt=clock.real() - LIFE).delete()
    return Draft.objects.create(document=document, source=source, created_by=actor)


def suggest(draft: Draft) -> dict[str, Any]:
    """Return as what a document might be published."""
    info = draft.document.get("info") if isinstance(draft.document, dict) else None
    told = info if isinstance(info, dict) else {}
    title, version = str(told.get("title", "")), str(told.get("version", ""))
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-") or "api"
    number = re.match(r"v?([1-9]\d{0,2})(?:\.|$)", version)
    made = {"slug": slug, "major": int(number[1]) if number else 1, "name": title[:80]}
    described = catalog.describe(draft.document, slug="api", major=1, served=True)
    return {**made, "target": described.origin, "base": described.base, "visibility": "public"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a document says, what it would change in the catalog, and for those who call."""

    described: Described
    changes: list[Change]
    differences: list[Difference]
    mark: str  # of all that was shown

    @property
    def breaking(self) -> list[Difference]:
        """What breaks programs."""
        return [one for one in self.differences if one.weight == Weight.BREAKS]


def compare(draft: Draft, *, slug: str, major: int) -> Comparison:
    """Return what publishing a draft would change."""
    described = catalog.describe(draft.document, slug=slug, major=major, served=True)
    known = ApiVersion.objects.filter(api__slug=slug, major=major).select_related("api")
    version = known.first()
    changes = publishing.compare(version, described, newest=publishing.is_newest(slug, major))
    found = publishing.differ(version, described, draft.document)
    said = "\n".join([slug, str(major), *map(str, changes), *map(str, found)])
    return Comparison(described, changes, found, hashlib.sha256(said.encode()).hexdigest())


@transaction.atomic
def publish(
    draft: Draft,
    *,
    slug: str,
    major: int,
    name: str,
    upstream: Upstream | None,
    target: str,
    base: str,
    visibility: str,
    breaking: bool,
    actor: User,
) -> ApiVersion:
    """Publish a draft, with an upstream of its own where none is chosen."""
    served = upstream or serving.set_upstream(slug, targets={target: 1}, actor=actor)
    version = catalog.publish(
        slug,
        major=major,
        name=name,
        document=draft.document,
        upstream=served,
        base=base,
        visibility=visibility,
        breaking=breaking,
        actor=actor,
    )
    draft.delete()
    return version
