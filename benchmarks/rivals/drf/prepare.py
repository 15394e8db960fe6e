"""Make the rival's tables, one order and two keys; print the keys: ``python -m … ORDER_ID``."""

import json
import os
import sys

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.rivals.drf.settings"
django.setup()

from rest_framework_api_key.models import APIKey  # noqa: E402 - needs loaded settings

from benchmarks.rivals.drf.models import Line, Order  # noqa: E402 - needs loaded settings

call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
order = Order.objects.create(
    id=sys.argv[1],
    number="1001",
    state="paid",
    customer="cus_0000000000000000000000",
    currency="EUR",
    total=12_900,
)
for number in range(2):
    Line.objects.create(order=order, product=f"prd_{number:022}", quantity=1, price=6_450)
print(json.dumps([APIKey.objects.create_key(name=name)[1] for name in ("wide", "narrow")]))
