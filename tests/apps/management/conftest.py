"""Programs that manage."""

import pytest

from tests.support import management
from tests.support.management import Platform


@pytest.fixture
def api(db: None) -> Platform:
    """A key in a sandbox that covers everything."""
    return management.sandboxed()


@pytest.fixture
def live(db: None) -> Platform:
    """A key for live data that covers everything."""
    return management.live()
