"""Digests are peppered: a copy of the database alone recognises no key."""

import pytest
from pytest_django import Settings

from apps.keys import services
from tests.support import make

pytestmark = pytest.mark.django_db

ANOTHER = ("2", bytes.fromhex("b2" * 32))


def test_a_key_is_found_under_the_pepper_it_was_made_with_and_under_no_other(
    settings: Settings,
) -> None:
    issued = make.key()
    assert services.find(issued.secret) == issued.key
    settings.KEY_PEPPERS = [ANOTHER]
    assert services.find(issued.secret) is None


def test_a_new_pepper_leaves_old_keys_working_and_marks_new_ones(settings: Settings) -> None:
    former = settings.KEY_PEPPERS
    old = make.key()
    settings.KEY_PEPPERS = [ANOTHER, *former]
    new = make.key()
    assert services.find(old.secret) == old.key
    assert services.find(new.secret) == new.key
    assert (old.key.pepper, new.key.pepper) == (former[0][0], "2")
    settings.KEY_PEPPERS = former
    assert services.find(new.secret) is None
