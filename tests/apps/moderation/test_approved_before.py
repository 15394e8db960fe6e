"""Applications that were approved before scopes were keep what that meant."""

from importlib import import_module

import pytest
from django.apps import apps

from apps.applications.models import Application
from tests.support import make

State = Application.State
MIGRATION = import_module("apps.moderation.migrations.0002_approved_scopes")


@pytest.mark.parametrize(
    ("state", "before", "kept"),
    [
        (State.APPROVED, "", True),
        (State.SUSPENDED, State.APPROVED, True),
        (State.SUSPENDED, State.DRAFT, False),
        (State.SUBMITTED, "", False),
        (State.DRAFT, "", False),
    ],
)
def test_approval_goes_on_meaning_every_scope(
    db: None, state: str, before: str, *, kept: bool
) -> None:
    every = make.scopes("orders:read", "orders:write")
    made = make.application()
    Application.objects.filter(pk=made.pk).update(state=state, state_before_suspension=before)
    MIGRATION.keep(apps, None)
    made.refresh_from_db()
    assert made.approved_scopes == (every if kept else [])
