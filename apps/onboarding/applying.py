"""Making the platform what a file says, all of it or nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.changes import Change
from apps.catalog.editing import KEEP
from apps.catalog.models import Api, ApiVersion, Entry, Operation, Upstream
from apps.core.errors import Problem
from apps.core.members import Invalid
from apps.onboarding import inventory, platform_file
from apps.onboarding.platform_file import ABSENT, Platform
from apps.orgs.models import Organization
from apps.plans import services as plans
from apps.plans.models import Plan

Documents = Mapping[str, Any]  # what was read, by the name that the file gives it
Actor = str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What changed, and what of it programs notice that call."""

    changes: list[Change]
    noticed: list[Entry]

    @property
    def breaking(self) -> int:
        """How many changes break programs."""
        return sum(entry.breaking for entry in self.noticed)


@transaction.atomic
def apply(
    platform: Platform, documents: Documents, *, breaking: bool = False, actor: Actor
) -> Outcome:
    """Make the platform so, and return what changed; where it cannot be, Invalid says why.

    What breaks programs that call a version must be meant: ``breaking``.
    """
    before = inventory.take()
    told = set(Entry.objects.values_list("pk", flat=True))
    for upstream in platform.upstreams:
        if not upstream.remove:
            _set_upstream(upstream, actor)
    for api in platform.apis:
        with _at(f"apis.{api.slug}"):
            if api.remove:
                _remove_api(api.slug, actor)
            else:
                _set_api(api, documents, breaking=breaking, actor=actor)
    for upstream in platform.upstreams:
        if upstream.remove:
            _remove_upstream(upstream.slug, actor)
    for plan in platform.plans:
        with _at(f"plans.{plan.slug}"):
            _set_plan(plan)
    fresh = Entry.objects.exclude(pk__in=told).newest_first()
    return Outcome(list(inventory.between(before, inventory.take())), list(fresh))


def preview(platform: Platform, documents: Documents) -> Outcome:
    """Return what ``apply`` would change."""
    with transaction.atomic():
        outcome = apply(platform, documents, breaking=True, actor=None)
        transaction.set_rollback(True)
    return outcome


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Name the place of what makes no sense there."""
    try:
        yield
    except Problem as problem:
        raise Invalid(f"{place}: {problem.detail}") from problem


def _set_upstream(wanted: platform_file.Upstream, actor: Actor) -> None:
    with _at(f"upstreams.{wanted.slug}"):
        serving.set_upstream(
            wanted.slug, targets=wanted.targets, settings=wanted.settings, actor=actor
        )


def _remove_upstream(slug: str, actor: Actor) -> None:
    if found := Upstream.objects.filter(slug=slug).first():
        with _at(f"upstreams.{slug}"):
            serving.remove_upstream(found, actor=actor)


def _remove_api(slug: str, actor: Actor) -> None:
    if found := Api.objects.filter(slug=slug).first():
        catalog.withdraw(found, actor=actor)


def _set_api(
    wanted: platform_file.Api, documents: Documents, *, breaking: bool, actor: Actor
) -> None:
    told = {"visibility": _or_keep(wanted.visibility), "policy": _or_keep(wanted.policy)}
    for version in wanted.versions:
        with _at(version.place):
            _publish(wanted, version, documents, {**told, "breaking": breaking}, actor)
    api = Api.objects.filter(slug=wanted.slug).first()
    if api is None:
        raise Invalid(f"apis.{wanted.slug} is not published yet: it needs versions with documents.")
    catalog.change_api(api, name=wanted.name or KEEP, actor=actor, **told)
    if wanted.partners is not ABSENT:
        found = _organizations(wanted.partners, f"apis.{wanted.slug}.partners")
        catalog.set_partners(api, organizations=found, actor=actor)
    for version in wanted.versions:
        with _at(version.place):
            _set_version(api, version, actor)


def _publish(
    api: platform_file.Api,
    wanted: platform_file.Version,
    documents: Documents,
    told: dict[str, Any],
    actor: Actor,
) -> None:
    known = ApiVersion.objects.filter(api__slug=api.slug, major=wanted.major)
    if not wanted.document:
        if not known.exists():
            raise Invalid(f"{wanted.place}.document is missing: name a file or an address.")
        return
    slug = wanted.upstream or known.values_list("upstream__slug", flat=True).first()
    if not slug:
        raise Invalid(f"{wanted.place}.upstream is missing: name one of upstreams.")
    catalog.publish(
        api.slug,
        major=wanted.major,
        name=api.name,
        document=documents[wanted.document],
        upstream=_upstream(slug, wanted.place),
        base=_or_keep(wanted.base),
        actor=actor,
        **told,
    )


def _set_version(api: Api, wanted: platform_file.Version, actor: Actor) -> None:
    version = api.versions.select_related("api").get(major=wanted.major)
    catalog.change_version(
        version,
        upstream=_upstream(wanted.upstream, wanted.place) if wanted.upstream else KEEP,
        base=_or_keep(wanted.base),
        deprecated_at=_or_keep(wanted.deprecated),
        sunset_at=_or_keep(wanted.sunset),
        guide=_or_keep(wanted.guide),
        actor=actor,
    )
    if wanted.operations is not ABSENT:
        _tune(version, wanted, actor)


def _tune(version: ApiVersion, wanted: platform_file.Version, actor: Actor) -> None:
    """Set what the file says of operations, and take back what it does not say."""
    rows = {}
    for row in Operation.objects.filter(version=version):
        row.version = version
        rows[row.name] = rows[" ".join(row.place)] = row
    tuned = set()
    for name, told in wanted.operations.items():
        place = f"{wanted.place}.operations.{name}"
        if (found := rows.get(name)) is None:
            raise Invalid(f"{place}: {version} has no such operation. Name its operationId.")
        if found.pk in tuned:
            raise Invalid(f"{place}: the operation stands twice.")
        tuned.add(found.pk)
        with _at(place):
            catalog.change_operation(found, policy=told.policy, cost=told.cost, actor=actor)
    for row in {row.pk: row for row in rows.values()}.values():
        if row.pk not in tuned and (row.policy or row.own_cost is not None):
            catalog.change_operation(row, policy={}, cost=None, actor=actor)


def _set_plan(wanted: platform_file.Plan) -> None:
    known = Plan.objects.filter(slug=wanted.slug).first()
    place = f"plans.{wanted.slug}"
    default = Plan.objects.filter(is_default=True).first()
    if known and wanted.name not in {"", known.name}:
        raise Invalid(f"{place}.name: the plan is called {known.name}, and a plan keeps its name.")
    if wanted.default is True and default and default != known:
        raise Invalid(f"{place}.default: {default.slug} is the default plan already.")
    if known and wanted.default not in {ABSENT, known.is_default}:
        raise Invalid(f"{place}.default: a plan stays the default, or stays none.")
    try:
        version = plans.publish(
            wanted.slug,
            name=wanted.name or wanted.slug,
            limits=wanted.limits,
            is_default=wanted.default is True,
        )
    except Invalid as error:
        raise Invalid(f"{place}.limits: {error}") from error
    if wanted.public not in {ABSENT, version.plan.is_public}:
        plans.offer(version.plan, public=wanted.public, actor=None)
    if wanted.summary not in {ABSENT, version.plan.summary}:
        plans.describe(version.plan, summary=wanted.summary, actor=None)


def _organizations(names: tuple[str, ...], place: str) -> list[Organization]:
    found = []
    for name in names:
        try:
            found.append(Organization.objects.get(pk=name))
        except (Organization.DoesNotExist, ValidationError, ValueError):
            raise Invalid(
                f"{place}: {name!r} is no organization. Write its identifier, org_…."
            ) from None
    return found


def _upstream(slug: str, place: str) -> Upstream:
    found = Upstream.objects.filter(slug=slug).first()
    if found is None:
        raise Invalid(f"{place}.upstream: there is no upstream {slug}. Describe it in upstreams.")
    return found


def _or_keep(value: Any) -> Any:
    return KEEP if value is ABSENT else value
