"""Every setting that an operator can make is explained."""

import re

from django.conf import settings

SOURCES = [
    *(settings.ROOT / "platform").rglob("*.py"),
]
NAME = re.compile(r'"((?:TRELLIS|DATABASE|VALKEY)_[A-Z_]+)(?<!_FILE)"')


def test_every_name_read_from_the_environment_is_in_the_reference() -> None:
    read = {name for path in SOURCES for name in NAME.findall(path.read_text())}
    reference = (settings.ROOT / "docs/reference/settings.md").read_text()
    assert {name for name in read if f"`{name}`" not in reference} == set()
