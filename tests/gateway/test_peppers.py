"""A new pepper is put before the old one, and every key goes on working."""

import os
from collections.abc import Callable

import pytest

from apps.keys.services import Issued
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway

NEW = f"2:{'b2' * 32}"


@pytest.mark.parametrize(
    ("kept", "status"), [(True, 200), (False, 401)], ids=["beside the old one", "in its place"]
)
def test_a_key_made_under_an_older_pepper(
    launch: Callable[..., Gateway], key: Issued, *, kept: bool, status: int
) -> None:
    peppers = f"{NEW},{os.environ['TRELLIS_KEY_PEPPER']}" if kept else NEW
    gateway = launch(TRELLIS_KEY_PEPPER=peppers)
    answer = gateway.client.get("/shop/v1/echo", headers=bearer(key))
    assert answer.status_code == status
    if not kept:
        assert answer.json()["code"] == "key_unknown"
