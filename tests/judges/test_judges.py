"""Clients that others wrote pass every flow that they support, over real HTTP."""

from collections.abc import Callable

import pytest

from tests.judges.conftest import Check, failures

pytestmark = pytest.mark.timeout(180)
FLOWS = {"openid-client": 28, "oauth4webapi": 28, "mcp-sdk": 9}


@pytest.mark.parametrize("name", FLOWS)
def test_a_client_from_npm_passes(judge: Callable[[str], list[Check]], name: str) -> None:
    checks = judge(name)
    assert failures(checks) == []
    assert len(checks) >= FLOWS[name]
