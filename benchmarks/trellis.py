"""Prepare Trellis for a measurement: ``python -m benchmarks.trellis '{"plans": …}'``.

For each of ``plans`` (name -> limits) a developer with an application and a key is made; with
``upstream`` the API "shop" is published in front of that address, with ``keys`` so many further
keys are made, ten to an application. Prints what was made.
"""

import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.conf import settings  # noqa: E402 - needs loaded settings
from django.db import transaction  # noqa: E402 - needs loaded settings

from apps.accounts.models import User  # noqa: E402 - needs loaded settings
from apps.applications.models import Application  # noqa: E402 - needs loaded settings
from apps.catalog.models import (  # noqa: E402 - needs loaded settings
    Api,
    ApiVersion,
    Operation,
    Scope,
    Target,
    Upstream,
)
from apps.commerce.models import Order  # noqa: E402 - needs loaded settings
from apps.core import secrets  # noqa: E402 - needs loaded settings
from apps.keys import services as keys  # noqa: E402 - needs loaded settings
from apps.keys.models import Key  # noqa: E402 - needs loaded settings
from apps.onboarding import services as onboarding  # noqa: E402 - needs loaded settings
from apps.onboarding.services import Welcome  # noqa: E402 - needs loaded settings
from apps.plans import services as plans  # noqa: E402 - needs loaded settings
from apps.tenants.isolation import acting_in  # noqa: E402 - needs loaded settings

TOGETHER = 10  # keys of one application


def developer(plan: str, limits: list[dict[str, Any]]) -> dict[str, Any]:
    """Sign a developer up, put the application on a plan, and issue a key."""
    user = User.objects.create_user(email=f"{plan}@example.com", password="correct horse battery")  # noqa: S106 - a benchmark
    made = onboarding.welcome(user)
    assert made is not None  # noqa: S101 - the user is new
    version = plans.publish(plan, name=plan, limits=limits)
    plans.subscribe(made.application, version=version, actor=None)
    scopes = list(Scope.objects.values_list("name", flat=True))
    issued = keys.issue(made.application, tenant=made.sandbox, name=plan, scopes=scopes, actor=user)
    caller = {
        "application": made.application.pk,
        "organization": made.application.organization_id,
        "tenant": made.sandbox.pk,
        "credential": issued.key.pk,
        "scopes": scopes,
        "plan": version.pk,
    }
    return {"key": issued.secret, "order": _order(made), "caller": caller}


def _order(made: Welcome) -> str:
    with transaction.atomic(), acting_in(made.sandbox):
        return Order.objects.earliest("pk").pk


def publish(url: str) -> None:
    """Publish an API with one operation, served at ``url``."""
    upstream = Upstream.objects.create(slug="shop")
    Target.objects.create(upstream=upstream, url=url)
    api = Api.objects.create(slug="shop", name="Shop", backend=Api.Backend.UPSTREAM)
    version = ApiVersion.objects.create(api=api, major=1, document={}, digest="", upstream=upstream)
    Operation.objects.create(version=version, name="orders_read", method="GET", path="/orders/{id}")


def many(count: int, like: str) -> list[str]:
    """Return the secrets of further keys, on the plan of the key ``like``."""
    first = Key.objects.get(pk=like)
    version = first.application.subscription.version
    pepper_id, pepper = settings.KEY_PEPPERS[0]
    made = []
    for number in range(0, count, TOGETHER):
        application = Application.objects.create(
            organization=first.application.organization, name=f"Benchmark {number}"
        )
        plans.subscribe(application, version=version, actor=None)
        made += [(application, secrets.mint("test")) for _ in range(TOGETHER)]
    Key.objects.bulk_create(
        Key(
            application=application,
            tenant=first.tenant,
            name="Benchmark",
            digest=secrets.digest(secret, pepper),
            pepper=pepper_id,
            hint=secret[-4:],
            scopes=first.scopes,
        )
        for application, secret in made
    )
    return [secret for _, secret in made]


def main() -> None:
    """Make what is asked for."""
    asked = json.loads(sys.argv[1])
    if "upstream" in asked:
        publish(asked["upstream"])
    told: dict[str, Any] = {
        plan: developer(plan, limits) for plan, limits in asked["plans"].items()
    }
    if "keys" in asked:
        first = next(iter(told.values()))["caller"]["credential"]
        told["keys"] = many(asked["keys"], first)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
