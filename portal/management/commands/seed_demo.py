"""``manage.py seed_demo``: fill a running box with the demo and say how to walk in."""

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal import demo, demo_backoffice

TRIES = 20


class Command(BaseCommand):
    """Seed the demo once; a rerun keeps the data and prints the facts again."""

    help = "Seed the demo and write its facts to .trellis/demo.json; a rerun keeps the data."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, ask the running gateway for an order, write the facts, print them."""
        path = Path(settings.DEMO_FILE)
        if not demo.exists():
            facts = demo.facts(demo.seed())
        elif path.exists():
            facts = json.loads(path.read_text(encoding="utf-8")) | demo.addresses()
        else:
            raise CommandError(f"The demo exists but {path} is gone. Run: make demo FRESH=1")
        if settings.EXAMPLE_URL:
            if "merchant_email" not in facts:
                facts |= demo_backoffice.seed(facts["developer_password"])
            program = demo_backoffice.settings_of_the_program(facts)
            _write_private(path.with_name("backoffice.json"), program)
        _write_private(path, facts)
        if "example_order" not in facts:
            facts["example_order"] = _first_order(facts["sandbox_key"])
            _write_private(path, facts)
        self.stdout.write(_poster(facts))


def _first_order(key: str) -> str:
    """Return the id of an order, asked from the gateway as any client would."""
    request = Request(  # noqa: S310 - our own gateway
        f"{settings.API_URL}/commerce/v1/orders?limit=1",
        headers={"Authorization": f"Bearer {key}"},
    )
    for _ in range(TRIES):
        try:
            with urlopen(request, timeout=5) as answer:  # noqa: S310 - our own gateway
                return str(json.load(answer)["data"][0]["id"])
        except HTTPError as refusal:
            said = refusal.read().decode(errors="replace")[:300]
            raise CommandError(f"The gateway answered {refusal.code}: {said}") from None
        except URLError:
            time.sleep(0.5)
    raise CommandError(f"The gateway at {settings.API_URL} does not answer. Is the box running?")


def _write_private(path: Path, facts: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2)


def _poster(facts: dict[str, str]) -> str:
    order = f"{facts['api_url']}/commerce/v1/orders/{facts['example_order']}"
    merchant = ""
    if settings.EXAMPLE_URL:
        who = f"{facts['merchant_email']}  {facts['merchant_password']}"
        merchant = f"\n  Example    {facts['backoffice_url']}  {who}"
    return f"""
  Portal     {facts["portal_url"]}
  Developer  {facts["developer_email"]}  {facts["developer_password"]}
  Admin      {facts["admin_url"]}  {facts["admin_email"]}  {facts["admin_password"]}{merchant}

  Your first call:

  curl {order} \\
    -H "Authorization: Bearer {facts["sandbox_key"]}"
"""
