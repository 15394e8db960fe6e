"""Make the toolkit's tables, a client and a token; weigh DRF's check of the token.

``python -m benchmarks.stock.check POSTGRES_PID`` prints the client, its secret, and microseconds of
CPU here and in PostgreSQL.
"""

import json
import os
import sys
import time
from datetime import timedelta
from typing import Any

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.stock.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after setup()
from django.utils import timezone  # noqa: E402 - after setup()
from oauth2_provider.contrib.rest_framework import OAuth2Authentication  # noqa: E402 - as above
from oauth2_provider.models import AccessToken, Application  # noqa: E402 - as above
from rest_framework.request import Request  # noqa: E402 - as above
from rest_framework.test import APIRequestFactory  # noqa: E402 - as above

from benchmarks import measure  # noqa: E402 - as above

SECRET = "s" * 48
CHECKS = 1_000


def main() -> None:
    """Print the figures."""
    call_command("migrate", verbosity=0, interactive=False)
    user = User.objects.create_user("bench", "bench@example.com")
    client = Application.objects.create(
        name="bench",
        user=user,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        client_secret=SECRET,
    )
    token = "t" * 48
    AccessToken.objects.create(
        user=user,
        application=client,
        token=token,
        expires=timezone.now() + timedelta(hours=1),
        scope="orders:read",
    )
    print(json.dumps({"client": client.client_id, "secret": SECRET} | weigh(token)))


def weigh(token: str) -> dict[str, float]:
    """Return the CPU microseconds of one check."""
    factory, check = APIRequestFactory(), OAuth2Authentication()
    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    requests = [Request(factory.get("/", **headers)) for _ in range(CHECKS)]
    assert check.authenticate(requests.pop()) is not None  # noqa: S101 - and it is warm
    postgres = int(sys.argv[1])
    here, there = time.process_time(), measure.cpu(postgres)
    for request in requests:
        check.authenticate(request)
    here, there = time.process_time() - here, measure.cpu(postgres) - there
    return {"here": here / len(requests) * 1e6, "postgres": there / len(requests) * 1e6}


main()
