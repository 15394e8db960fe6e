"""Tasks have names that survive a move of their module."""

from config.celery import app


def test_every_task_has_an_explicit_short_name() -> None:
    app.loader.import_default_modules()
    ours = [name for name, task in app.tasks.items() if task.__module__.startswith("apps.")]
    assert ours
    assert [name for name in ours if name.startswith("apps.")] == []


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= app.tasks.keys()
