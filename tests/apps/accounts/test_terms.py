"""Terms of service are versioned, and who accepted what is on record."""

import hashlib
from datetime import timedelta

import pytest

from apps.accounts import services
from apps.accounts.models import Acceptance, Terms
from apps.core import clock
from apps.events.models import Event
from tests.support import make

pytestmark = pytest.mark.django_db


def test_the_newest_version_in_force_is_current() -> None:
    yesterday, tomorrow = (clock.real() + timedelta(days=days) for days in (-1, 1))
    services.publish_terms("1", body="Be kind.", effective_at=yesterday)
    services.publish_terms("2", body="Be kinder.", effective_at=tomorrow)
    current = Terms.objects.current()
    assert current
    assert current.version == "1"


def test_a_published_version_never_changes() -> None:
    services.publish_terms("1", body="Be kind.")
    services.publish_terms("1", body="Pay twice.")
    assert Terms.objects.get().body == "Be kind."


def test_acceptance_names_the_text_that_was_shown_and_is_recorded_once() -> None:
    terms, user = services.publish_terms("1", body="Be kind."), make.user()
    services.accept_terms(user, terms=terms, ip="203.0.113.9")
    services.accept_terms(user, terms=terms, ip="203.0.113.10")
    acceptance = Acceptance.objects.get()
    assert acceptance.digest == hashlib.sha256(b"Be kind.").hexdigest()
    assert acceptance.ip == "203.0.113.9"
    assert Event.objects.filter(type="terms.accepted").count() == 1
