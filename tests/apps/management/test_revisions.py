"""Programs read in which dated revisions an application is served, and move it."""

from typing import Any

import pytest
from django.core.management import call_command

from apps.applications.models import Application, Pin
from apps.events.models import Event
from tests.support.management import Platform

VERSION, OLD, NEW = "commerce/v1", "2026-06-01", "2026-11-01"


@pytest.fixture(autouse=True)
def published(db: None) -> None:
    """The commerce API in the catalog."""
    call_command("publish_catalog", verbosity=0)


def path(api: Platform) -> str:
    return f"applications/{api.application.pk}/revisions"


def pinned(api: Platform) -> Any:
    (version,) = api.get(path(api)).json()["versions"]
    return version


def test_a_program_sees_what_is_newer_and_moves(api: Platform) -> None:
    Pin.objects.filter(application=api.application).delete()
    before = pinned(api)
    assert (before["version"], before["revision"], before["since"]) == (VERSION, OLD, None)
    ((newer, words),) = [(one["revision"], one["words"]) for one in before["newer"]]
    assert newer == NEW
    assert "`phone_number`" in words

    answer = api.post(path(api), {"version": VERSION, "revision": NEW})
    assert answer.status == 200
    (after,) = answer.json()["versions"]
    assert (after["revision"], after["newer"], after["back_to"]) == (NEW, [], OLD)
    assert after["back_until"] > after["since"]
    assert pinned(api) == after
    event = Event.objects.get(type="application.revision_changed")
    assert event.data == {"version": VERSION, "revision": [OLD, NEW]}
    assert event.actor == api.caller.credential

    assert api.post(path(api), {"version": VERSION, "revision": OLD}).status == 200
    assert pinned(api)["revision"] == OLD


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"version": "commerce/v1", "revision": "2026-11-02"}, 422, "unprocessable", "revision"),
        ({"version": "commerce/v9", "revision": NEW}, 422, "unprocessable", "version"),
        ({"version": "commerce/v1"}, 400, "validation_failed", "revision"),
        ({"version": "commerce/v1", "revision": OLD}, 409, "revision_closed", None),
    ],
)
def test_what_is_no_move_is_refused_and_moves_nothing(
    api: Platform, body: dict[str, str], status: int, code: str, param: str | None
) -> None:
    answer = api.post(path(api), body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.json().get("param") == param
    assert pinned(api)["revision"] == NEW
    assert not Event.objects.filter(type="application.revision_changed").exists()


def test_a_sandbox_credential_moves_no_application_that_is_live(api: Platform) -> None:
    Pin.objects.filter(application=api.application).delete()
    Application.objects.filter(pk=api.application.pk).update(state=Application.State.APPROVED)
    answer = api.post(path(api), {"version": VERSION, "revision": NEW})
    assert (answer.status, answer.code) == (403, "live_credential_needed")
    assert pinned(api)["revision"] == OLD
