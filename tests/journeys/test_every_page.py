"""Every page of the portal, as a browser under the real policy and as axe see it."""

import pytest
from playwright.sync_api import Browser

from tests.journeys.box import Box
from tests.support import screenshots

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("look", [(1360, "light"), (390, "dark")])
def test_nothing_is_refused_too_wide_or_hard_to_use(
    chromium: Browser, box: Box, look: screenshots.Look
) -> None:
    assert list(screenshots.everything(chromium, box.facts, [look])) == []
