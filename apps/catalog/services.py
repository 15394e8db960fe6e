"""What can happen to APIs, their versions and operations.

Every gateway hears of it within a second, from the event log.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from apps.catalog import native, openapi, policies, publishing, revisions
from apps.catalog.changelog import agree, note, note_end
from apps.catalog.editing import KEEP, Actor, placed, save, sense
from apps.catalog.models import Api, ApiVersion, Operation, Partner, Upstream
from apps.catalog.openapi import Described
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.core.members import Invalid
from apps.events import services as events
from apps.orgs.models import Organization

RESERVED: Final = {"authz", "healthz", "readyz", "stream"}  # what the gateway answers itself
MAJORS: Final = 999
SLUG: Final = r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?"
BASE: Final = r"(?:/(?!\.{1,2}(?:/|$))[\w.~!$&'()*+,;=:@-]+)*"


def describe(document: Any, *, slug: str, major: int, served: bool) -> Described:
    """Return what a document says of an API that an upstream serves, or this project.

    Unprocessable names the place that makes no sense.
    """
    with sense():
        if not re.fullmatch(SLUG, slug) or slug in RESERVED:
            raise Invalid(
                f"{slug!r} cannot be an API's name in paths: write it as shop or my-shop."
            )
        if not 0 < major <= MAJORS:
            raise Invalid(f"The major version is a whole number from 1 to {MAJORS}.")
        if served and any(slug == one for one, _ in native.registered):
            raise Invalid(f"{slug} is served by this project itself: choose another name.")
        prefix = "" if served else f"/{slug}/v{major}"
        return openapi.describe(document, slug=slug, prefix=prefix, native=not served)


@transaction.atomic
def publish(
    slug: str,
    *,
    major: int,
    document: dict[str, Any],
    name: str = "",
    upstream: Upstream | None = None,
    base: str = KEEP,
    visibility: str = KEEP,
    policy: dict[str, Any] = KEEP,
    breaking: bool = True,
    actor: Actor = None,
) -> ApiVersion:
    """Publish an OpenAPI document as ``slug``/v``major``; the same again changes nothing.

    Without an upstream this project serves it. Operations keep their rows, and what the operator
    set for them, while method and path stay. A new version's base is that of the document's first
    server; a new API is everybody's and has no policy, unless told otherwise. What callers of a
    known version would notice is noted in the changelog; unless ``breaking`` is meant, it is
    Unprocessable where that breaks programs.
    """
    described = describe(document, slug=slug, major=major, served=upstream is not None)
    if upstream is not None:
        _keep_operations(f"{slug}/v{major}", described)
    title = (name or described.title)[:80]
    backend = Api.Backend.UPSTREAM if upstream else Api.Backend.NATIVE
    known = Api.objects.select_for_update()
    api, _ = known.get_or_create(slug=slug, defaults={"name": title, "backend": backend})
    change_api(api, visibility=visibility, policy=policy, actor=actor)
    if publishing.is_newest(slug, major):
        change_api(api, name=title, description=described.description, actor=actor)
    version = api.versions.filter(major=major).first()
    if version is None:
        with sense():
            start = _base(described.base) if upstream else ""
        version = ApiVersion(api=api, major=major, upstream=upstream, base=start)
    _write(version, described, document, breaking=breaking, actor=actor)
    change_version(version, upstream=upstream, base=base, actor=actor)
    return version


def _keep_operations(version: str, described: Described) -> None:
    """Refuse a document that lacks what a dated revision speaks of."""
    if history := revisions.registered.get(version):
        missing = history.strangers(one.name for one in described.operations)
        if missing:
            raise Unprocessable(" ".join(missing))


def _write(
    version: ApiVersion, described: Described, document: Any, *, breaking: bool, actor: Actor
) -> None:
    """Bring a version in line with its document, unless it is."""
    newest = publishing.is_newest(version.api.slug, version.major)
    changes = publishing.compare(version, described, newest=newest)
    digest = publishing.digest(document)
    if version.digest == digest and not changes:
        return
    found = publishing.differ(version, described, document)
    agree(found, str(version), breaking=breaking)
    version.document, version.digest, version.updated_at = document, digest, clock.real()
    version.save()
    publishing.write(version, described, newest=newest)
    entry = note(version, found)
    signs = [change.sign for change in changes]
    events.emit(
        "catalog.published",
        version,
        actor=actor,
        api=version.api.slug,
        major=version.major,
        added=signs.count("+"),
        changed=signs.count("~"),
        removed=signs.count("-"),
        breaking=entry.breaking if entry else 0,
    )


@transaction.atomic
def change_api(
    api: Api,
    *,
    name: str = KEEP,
    description: str = KEEP,
    visibility: str = KEEP,
    policy: Any = KEEP,
    reason: str = "",
    actor: Actor,
) -> bool:
    """Change an API's words, who may know of it, or its policy; tell whether anything changed."""
    with sense():
        if visibility is not KEEP and visibility not in Api.Visibility.values:
            raise Invalid(f"visibility must be one of {', '.join(Api.Visibility.values)}.")
        if policy is not KEEP:
            policies.parse(policy)
            tuned = Operation.objects.filter(version__api=api.pk).exclude(policy={})
            rows = tuned.select_related("version__api").defer("version__document")
            for operation in rows:
                with placed(f"{operation.version}: {operation}"):
                    policies.parse(operation.policy, of=policy)
    wanted = {"name": name, "description": description, "visibility": visibility, "policy": policy}
    return save("catalog.api_changed", api, wanted, reason=reason, actor=actor, api=api.slug)


@transaction.atomic
def change_version(
    version: ApiVersion,
    *,
    upstream: Upstream | None = KEEP,
    base: str = KEEP,
    deprecated_at: datetime | None = KEEP,
    sunset_at: datetime | None = KEEP,
    guide: str = KEEP,
    reason: str = "",
    actor: Actor,
) -> bool:
    """Change where a version is served, or when it ends; tell whether anything changed."""
    begins = version.deprecated_at if deprecated_at is KEEP else deprecated_at
    ends = version.sunset_at if sunset_at is KEEP else sunset_at
    is_native = version.api.backend == Api.Backend.NATIVE
    with sense():
        if begins and ends and ends < begins:
            raise Invalid("sunset lies before deprecated: a version ends after it was announced.")
        if is_native and (upstream not in {KEEP, None} or base not in {KEEP, ""}):
            raise Invalid(f"{version} is served by this project itself: it has no upstream.")
        if not is_native and upstream is None:
            raise Invalid(f"{version} needs an upstream that serves it.")
        wanted = {"upstream": upstream, "base": base if base is KEEP else _base(base)}
    wanted |= {"deprecated_at": deprecated_at, "sunset_at": sunset_at, "guide": guide}
    about = {"api": version.api.slug, "major": version.major}
    was = version.deprecated_at, version.sunset_at
    changed = save("catalog.version_changed", version, wanted, reason=reason, actor=actor, **about)
    note_end(version, was=was)
    return changed


@transaction.atomic
def change_operation(
    operation: Operation,
    *,
    policy: Any = KEEP,
    cost: int | None = KEEP,
    reason: str = "",
    actor: Actor,
) -> bool:
    """Give an operation a policy above its API's, or a cost of its own; None is the document's."""
    wanted: dict[str, Any] = {"policy": policy, "own_cost": cost}
    with sense():
        if policy is not KEEP:
            policies.parse(policy, of=operation.version.api.policy)
        if cost is not KEEP and cost is not None:
            if not 0 <= cost <= openapi.DEAREST:
                raise Invalid(f"cost must be a whole number from 0 to {openapi.DEAREST:,}.")
            wanted["cost"] = cost
        elif cost is None and operation.own_cost is not None:
            wanted["cost"] = _described_cost(operation)
    about = {"api": operation.version.api.slug, "operation": operation.name}
    return save("catalog.operation_changed", operation, wanted, reason=reason, actor=actor, **about)


@transaction.atomic
def set_partners(
    api: Api, *, organizations: Iterable[Organization], reason: str = "", actor: Actor
) -> bool:
    """Let exactly ``organizations`` know of an API for partners; tell whether it is new."""
    wanted = {one.pk: one for one in organizations}
    known = set(api.partners.values_list("organization", flat=True))
    if known == wanted.keys():
        return False
    api.partners.exclude(organization__in=wanted).delete()
    fresh = [Partner(api=api, organization=one) for pk, one in wanted.items() if pk not in known]
    Partner.objects.bulk_create(fresh)
    events.emit(
        "catalog.partners_changed",
        api,
        actor=actor,
        api=api.slug,
        added=sorted(wanted.keys() - known),
        removed=sorted(known - wanted.keys()),
        reason=reason,
    )
    return True


@transaction.atomic
def show_to(
    api: Api, *, visibility: str, partners: Iterable[Organization], reason: str, actor: Actor
) -> None:
    """Let everybody know of an API, or ``partners``, or the operator's own organizations."""
    set_partners(api, organizations=partners, reason=reason, actor=actor)
    change_api(api, visibility=visibility, reason=reason, actor=actor)


@transaction.atomic
def withdraw(api: Api, *, reason: str = "", actor: Actor) -> None:
    """Take an API with all its versions out of the catalog. What it was used for stays recorded."""
    if any(api.slug == slug for slug, _ in native.registered):
        raise Unprocessable(f"{api.slug} is served by this project itself, which publishes it.")
    needed = {name for some in _scopes_of(api) for name in some}
    events.emit("catalog.withdrawn", api, actor=actor, api=api.slug, reason=reason)
    api.delete()
    publishing.forget_unneeded(needed)


def _base(text: str) -> str:
    base = text.rstrip("/")
    if not re.fullmatch(BASE, base) or len(base) > 200:  # noqa: PLR2004 - as the column
        raise Invalid(f"base must be a path such as /api/v3, not {text[:200]!r}.")
    return base


def _described_cost(operation: Operation) -> int:
    version = ApiVersion.objects.select_related("api").get(pk=operation.version_id)
    served = version.api.backend == Api.Backend.UPSTREAM
    described = describe(
        version.document, slug=version.api.slug, major=version.major, served=served
    )
    return next((one.cost for one in described.operations if one.place == operation.place), 1)


def _scopes_of(api: Api) -> list[list[str]]:
    return list(Operation.objects.filter(version__api=api).values_list("scopes", flat=True))
