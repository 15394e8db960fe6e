"""Prepare Trellis for a measurement.

``python -m benchmarks.trellis`` prints a key, an order, and the caller behind the key.
"""

import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.db import transaction  # noqa: E402 - needs loaded settings

from apps.accounts.models import User  # noqa: E402 - needs loaded settings
from apps.catalog.models import Scope  # noqa: E402 - needs loaded settings
from apps.commerce.models import Order  # noqa: E402 - needs loaded settings
from apps.keys import services as keys  # noqa: E402 - needs loaded settings
from apps.onboarding import services as onboarding  # noqa: E402 - needs loaded settings
from apps.plans import services as plans  # noqa: E402 - needs loaded settings
from apps.tenants.isolation import acting_in  # noqa: E402 - needs loaded settings

# Three limits, as a real plan has them, and wide enough never to refuse.
LIMITS = [
    {"name": "burst", "kind": "rate", "scope": "application", "limit": 100_000, "window": 1},
    {"name": "minute", "kind": "rate", "scope": "application", "limit": 6_000_000, "window": 60},
    {"name": "month", "kind": "quota", "scope": "application", "limit": 10**9, "period": "month"},
]


def main() -> None:
    """Sign a developer up, put the application on a wide plan, and issue a key."""
    user = User.objects.create_user(email="bench@example.com", password="correct horse battery")  # noqa: S106 - a benchmark
    made = onboarding.welcome(user)
    assert made is not None  # noqa: S101 - the user is new
    version = plans.publish("benchmark", name="Benchmark", limits=LIMITS)
    plans.subscribe(made.application, version=version, actor=None)
    scopes = Scope.objects.values_list("name", flat=True)
    issued = keys.issue(
        made.application, tenant=made.sandbox, name="Benchmark", scopes=scopes, actor=user
    )
    with transaction.atomic(), acting_in(made.sandbox):
        order = Order.objects.earliest("pk")
    caller = {
        "application": made.application.pk,
        "organization": made.application.organization_id,
        "tenant": made.sandbox.pk,
        "credential": issued.key.pk,
        "scopes": list(scopes),
        "plan": version.pk,
    }
    print(json.dumps({"key": issued.secret, "order": order.pk, "caller": caller}))


main()
