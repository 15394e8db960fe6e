"""A machine's clock may be set: what was trusted for seconds is not trusted for hours."""

import pytest

from gateway.credential import FRESH, STALE
from tests.gateway.test_leases import credential

NOW = 1_800_000_000.0


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_copy_is_neither_fresh_nor_served_after_the_clock_was_set(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = credential()
    held.read_at = NOW
    monkeypatch.setattr("gateway.credential.time.time", lambda: NOW + 1)
    assert (held.fresh, held.servable, held.younger(0.5)) == (True, True, False)
    monkeypatch.setattr("gateway.credential.time.time", lambda: NOW + hours * 3600)
    assert (held.fresh, held.servable) == (False, False)


def test_a_neighbours_clock_may_be_a_little_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    held = credential()
    held.read_at = NOW + 1
    monkeypatch.setattr("gateway.credential.time.time", lambda: NOW)
    assert (held.fresh, held.servable) == (True, True)
    assert FRESH < STALE
