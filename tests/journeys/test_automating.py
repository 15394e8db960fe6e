"""The guide to automation, followed word by word: every block is run as it stands."""

import io
import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from PIL import Image

from tests.journeys.box import Box

pytestmark = pytest.mark.timeout(180)
GUIDE = (Path(settings.DOCS) / "guides" / "automating.md").read_text()
BLOCKS = re.findall(r"^```bash\n(.+?)^```", GUIDE, re.MULTILINE | re.DOTALL)
ISSUE = """
from apps.catalog.models import Scope
from apps.keys import services as keys
key = keys.find({secret!r})
made = keys.issue(
    key.application,
    tenant=key.tenant,
    name="Manager",
    scopes=Scope.objects.values_list("name", flat=True),
    actor=key.created_by,
)
print(made.secret)
"""


class Shell:
    """A terminal in which the guide's commands are typed."""

    def __init__(self, box: Box, key: str) -> None:
        self.box = box
        self.values = {"KEY": key}

    def type(self, command: str) -> Any:
        here = command.replace("http://localhost:8080", self.box.api)
        done = subprocess.run(  # noqa: S603 - our own guide
            ["/bin/bash", "-c", here.replace("curl ", "curl -sS ", 1)],
            env={"PATH": os.environ["PATH"], **self.values},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)


@pytest.fixture
def shell(box: Box) -> Shell:
    """A terminal with a key that may manage."""
    made = box.python(ISSUE.format(secret=box.facts["sandbox_key"]))
    return Shell(box, made.splitlines()[-1])


def test_the_guide_makes_a_key_rotates_and_revokes_it(shell: Shell) -> None:
    me, application, key, orders, rotation, revocation = BLOCKS
    caller = shell.type(me)
    assert (caller["object"], caller["livemode"]) == ("caller", False)
    assert "platform.keys:write" in caller["scopes"]

    made = shell.type(application)
    assert (made["state"], made["requested_scopes"]) == ("draft", ["orders:read"])
    shell.values["APP"] = made["id"]

    issued = shell.type(key)
    assert issued["application"] == made["id"]
    again = shell.type(key)
    assert again == issued | {"secret": None}
    shell.values |= {"NEW_ID": issued["id"], "NEW_KEY": issued["secret"]}
    assert shell.type(orders)["object"] == "list"

    successor = shell.type(rotation)
    assert successor["rotated_from"] == issued["id"]
    shell.values |= {"NEXT_ID": successor["id"], "NEXT_KEY": successor["secret"]}
    for good in (issued["secret"], successor["secret"]):
        assert shell.box.call("/commerce/v1/orders?limit=1", key=good).status_code == 200

    assert shell.type(revocation)["state"] == "revoked"
    refused = shell.box.call("/commerce/v1/orders?limit=1", key=successor["secret"])
    assert (refused.status_code, refused.json()["code"]) == (401, "key_revoked")


def test_what_costs_nothing_takes_nothing_of_the_limits(shell: Shell) -> None:
    key = shell.values["KEY"]
    shell.box.call("/platform/v1/me", key=key)
    answers = [shell.box.call("/platform/v1/limits", key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    left = [re.findall(r'"month";r=(\d+)', answer.headers["RateLimit"]) for answer in answers]
    assert left[0] == left[1] != []
    named = {limit["name"] for limit in answers[0].json()["data"]}
    assert "month" in named


def test_a_picture_goes_through_the_gateway_and_becomes_the_logo(shell: Shell) -> None:
    box, key = shell.box, shell.values["KEY"]
    application = box.call(
        "/platform/v1/applications", key=key, method="POST", json={"name": "Ledger"}
    ).json()
    written = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(written, "PNG")
    answer = box.call(
        f"/platform/v1/applications/{application['id']}/logo",
        key=key,
        method="POST",
        content=written.getvalue(),
        headers={"Content-Type": "image/png"},
    )
    assert answer.status_code == 200, answer.text
    path = answer.json()["logo"].partition("/logos/")[2]
    shown = httpx.get(f"{box.portal}/logos/{path}")
    assert shown.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(shown.content)).size == (256, 256)


def test_a_key_without_the_scope_is_refused_by_the_gateway(shell: Shell) -> None:
    plain = shell.box.facts["sandbox_key"]
    refused = shell.box.call("/platform/v1/keys", key=plain)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert shell.box.call("/platform/v1/me", key=plain).status_code == 200


def test_a_client_made_by_a_key_obtains_a_token_that_manages_too(shell: Shell) -> None:
    box, key = shell.box, shell.values["KEY"]
    application = box.call("/platform/v1/me", key=key).json()["application"]
    wanted = {
        "application": application,
        "name": "Nightly",
        "grant_types": ["client_credentials"],
    }
    client = box.call("/platform/v1/clients", key=key, method="POST", json=wanted).json()
    secret = box.call(
        "/platform/v1/client_secrets", key=key, method="POST", json={"client": client["id"]}
    ).json()
    granted = httpx.post(
        f"{box.portal}/oauth/token",
        data={"grant_type": "client_credentials", "scope": "platform.keys:read"},
        auth=(client["id"], secret["secret"]),
    )
    assert granted.status_code == 200, granted.text
    token = granted.json()["access_token"]
    caller = box.call("/platform/v1/me", key=token).json()
    assert (caller["application"], caller["scopes"]) == (application, ["platform.keys:read"])
    assert caller["id"].startswith("tok_")
    assert box.call("/platform/v1/keys", key=token).status_code == 200
    refused = box.call("/platform/v1/clients", key=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")

    path = f"/platform/v1/clients/{client['id']}"
    refused = box.call(path, key=key, method="DELETE")  # a developer deletes none either
    assert (refused.status_code, refused.json()["code"]) == (403, "role_missing")
    other = {"grant_types": ["authorization_code"], "redirect_uris": ["https://ledger.example"]}
    assert box.call(path, key=key, method="PATCH", json=other).status_code == 200
    deadline = time.monotonic() + 5
    while box.call("/platform/v1/me", key=token).status_code != 401:
        assert time.monotonic() < deadline
        time.sleep(0.05)
