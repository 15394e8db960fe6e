"""``platform/`` is a folder of source, never a package: see ADR 2."""

import platform

from django.conf import settings


def test_the_standard_library_keeps_its_platform_module() -> None:
    assert platform.python_version()
    assert not (settings.ROOT / "platform" / "__init__.py").exists()
