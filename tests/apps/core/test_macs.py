"""Codes under keys that serve again and again are those of the standard."""

import hmac

import pytest

from apps.core import macs


@pytest.mark.parametrize("size", [1, 32, 64, 65, 200])
def test_it_is_hmac_with_sha256_each_time(size: int) -> None:
    key = b"k" * size
    for message in (b"", b"one", b"another" * 100):
        assert macs.digest(key, message) == hmac.digest(key, message, "sha256")
