"""Fixtures of the usage tests."""

import pytest

from tests.support.queries import Queries


@pytest.fixture
def queries(db: None) -> Queries:
    return Queries()
