"""Work for the default queue."""

from celery import shared_task

from apps.events import services


@shared_task(name="events.relay", ignore_result=True)
def relay() -> None:
    """Let every follower read what was committed. Beat runs this every second."""
    services.relay()
