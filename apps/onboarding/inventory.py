"""What the catalog and the plans hold, as lines by place: two of them make a difference."""

import json
from collections.abc import Iterator
from typing import Any

from apps.catalog.changes import Change, shown
from apps.catalog.models import Api, ApiVersion, Operation, Partner, Scope, Target, Upstream
from apps.plans.models import PlanVersion

Inventory = dict[str, str]
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def take() -> Inventory:
    """Return every value by its place."""
    return {**_upstreams(), **_apis(), **_versions(), **_operations(), **_scopes(), **_plans()}


def between(before: Inventory, after: Inventory) -> Iterator[Change]:
    """Return what was added, changed and removed, by place."""
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield Change(place, before.get(place), after.get(place))


def _upstreams() -> Inventory:
    found = {
        f"upstreams.{slug}.settings": _json(settings)
        for slug, settings in Upstream.objects.values_list("slug", "settings")
    }
    targets = Target.objects.values_list("upstream__slug", "url", "weight")
    return found | {f"upstreams.{slug}.targets.{url}": f"weight {w}" for slug, url, w in targets}


def _apis() -> Inventory:
    found: Inventory = {}
    for api in Api.objects.all():
        at = f"apis.{api.slug}"
        found[f"{at}.name"] = api.name
        found[f"{at}.visibility"] = api.visibility
        found[f"{at}.policy"] = _json(api.policy)
    for slug, organization in Partner.objects.values_list("api__slug", "organization"):
        found[f"apis.{slug}.partners.{organization}"] = "partner"
    return found


def _versions() -> Inventory:
    found: Inventory = {}
    for version in ApiVersion.objects.listed().select_related("upstream"):
        at = f"apis.{version.api.slug}.versions.{version.major}"
        found[f"{at}.document"] = f"SHA-256 {version.digest[:12]}"
        found[f"{at}.upstream"] = version.upstream.slug if version.upstream else "this project"
        found[f"{at}.base"] = version.base or "/"
        found[f"{at}.guide"] = shown(version.guide)
        for name in ("deprecated", "sunset"):
            moment = getattr(version, f"{name}_at")
            found[f"{at}.{name}"] = moment.strftime(MOMENT) if moment else "never"
    return found


def _operations() -> Inventory:
    found: Inventory = {}
    rows = Operation.objects.values_list(
        *("version__api__slug", "version__major", "method", "path", "name", "scopes", "cost"),
        *("policy", "deprecated", "ending"),
    )
    for slug, major, method, path, name, scopes, cost, policy, deprecated, ending in rows:
        at = f"apis.{slug}.versions.{major}.operations.{method} {path}"
        words = [name, f"scopes {' '.join(scopes) or 'none'}", f"cost {cost}"]
        words += ["deprecated"] if deprecated else []
        found[at] = ", ".join([*words, *(f"deprecated {part}" for part in ending)])
        if policy:
            found[f"{at}.policy"] = _json(policy)
    return found


def _scopes() -> Inventory:
    rows = Scope.objects.values_list("name", "title", "risk")
    return {f"scopes.{name}": f"{title} ({risk} risk)" for name, title, risk in rows}


def _plans() -> Inventory:
    found: Inventory = {}
    rows = PlanVersion.objects.order_by("number").select_related("plan")
    for version in rows:
        slug = version.plan.slug
        found[f"plans.{slug}.limits"] = f"version {version.number}: {_json(version.limits)}"
        found[f"plans.{slug}.name"] = version.plan.name
        found[f"plans.{slug}.default"] = shown(version.plan.is_default)
        found[f"plans.{slug}.public"] = shown(version.plan.is_public)
        found[f"plans.{slug}.summary"] = shown(version.plan.summary)
    return found


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True) if value else "none"
