"""An operator applies a platform file to a running box, and a developer calls what it says."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.standin import StandIn
from tests.journeys.box import Box, clean_environment

pytestmark = pytest.mark.timeout(300)
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets of the journey"},
    "paths": {
        "/animals/{id}.json": {
            "get": {"operationId": "animals_get", "x-trellis-scopes": ["orders:read"]}
        }
    },
}
FILE = """
upstreams:
  journey:
    targets: [{url}]
apis:
  journey:
    visibility: public
    versions:
      1: {{document: pets.json, upstream: journey, base: /deep}}
"""
GONE = """
upstreams: {journey: {remove: true}}
apis: {journey: {remove: true}}
"""


@pytest.fixture
def service() -> Iterator[StandIn]:
    made = StandIn()
    made.start()
    yield made
    made.stop()


def test_what_the_file_says_is_served_within_a_second(
    box: Box, service: StandIn, tmp_path: Path
) -> None:
    file = tmp_path / "platform.yaml"
    (tmp_path / "pets.json").write_text(json.dumps(DOCUMENT))
    path = "/journey/v1/animals/7.json"

    def trellis(*words: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "box.cli", *words, "--dir", str(box.home)],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return f"{done.returncode}\n{done.stdout}{done.stderr}"

    def apply(text: str) -> str:
        file.write_text(text)
        return trellis("apply", str(file), "--yes")

    def until(status: int) -> float:
        began = time.monotonic()
        while box.call(path).status_code != status:
            assert time.monotonic() - began < 5
            time.sleep(0.02)
        return time.monotonic() - began

    try:
        said = apply(FILE.format(url=service.url))
        assert said.startswith("0\n+ apis.journey.name: Pets of the journey\n")
        assert until(200) < 1
        assert service.requests[-1]["target"] == "/deep/animals/7.json"
        document = httpx.get(f"{box.portal}/docs/openapi/journey/v1.json").json()
        assert document["servers"] == [{"url": f"{box.api}/journey/v1"}]
        assert apply(FILE.format(url=service.url)) == "0\nNothing to change.\n"
        purged = trellis("purge", "journey", "shelf-7")
        assert purged == "0\nGateways forget shelf-7 of journey within a second.\n"
        assert trellis("purge", "bikes").startswith("1\nCommandError: There is no API bikes.")
        hidden = apply("apis: {journey: {visibility: internal}}")
        assert "~ apis.journey.visibility: public → internal" in hidden
        assert until(404) < 1
        assert httpx.get(f"{box.portal}/docs/openapi/journey/v1.json").status_code == 404
    finally:
        assert apply(GONE).startswith("0\n")
