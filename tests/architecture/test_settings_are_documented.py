"""Every setting that an operator can make is explained."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings

SOURCES = [
    *(settings.ROOT / "platform").rglob("*.py"),
]
NAME = re.compile(r'"((?:TRELLIS|DATABASE|VALKEY)_[A-Z_]+)(?<!_FILE)"')


def test_every_name_read_from_the_environment_is_in_the_reference() -> None:
    read = {name for path in SOURCES for name in NAME.findall(path.read_text())}
    reference = (settings.ROOT / "docs/reference/settings.md").read_text()
    assert {name for name in read if f"`{name}`" not in reference} == set()


@pytest.mark.parametrize("service", ["web", "gateway", "worker", "beat", "migrate"])
def test_containers_are_told_the_brand_and_the_mail_server(service: str) -> None:
    folder = "gateway" if service == "gateway" else "config"
    sources = (settings.ROOT / "platform" / folder).rglob("*.py")
    read = {name for path in sources for name in NAME.findall(path.read_text())}
    wanted = {name for name in read if name.startswith(("TRELLIS_BRAND_", "TRELLIS_SMTP_"))}
    compose: Any = yaml.safe_load((settings.ROOT / "docker/compose.yaml").read_text())
    assert wanted
    assert wanted <= compose["services"][service]["environment"].keys()
