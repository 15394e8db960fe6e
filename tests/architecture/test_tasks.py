"""Tasks have names that survive a move of their module."""

import fnmatch
import re

from django.conf import settings

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


def test_workers_empty_every_queue_that_gets_tasks_and_no_other() -> None:
    used = {app.conf.task_default_queue, *(to["queue"] for to in app.conf.task_routes.values())}
    box = re.search(r'queues = "([\w,]+)"', (settings.ROOT / "platform/box/plan.py").read_text())
    image = re.search(r"WORKER_QUEUES:-([\w,]+)", (settings.ROOT / "docker/entrypoint").read_text())
    for listed in (box, image):
        assert listed
        assert sorted(listed[1].split(",")) == sorted(used)


def test_every_route_has_a_task() -> None:
    app.loader.import_default_modules()
    for pattern in app.conf.task_routes:
        assert fnmatch.filter(app.tasks, pattern), pattern
