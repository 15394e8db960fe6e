"""Work for the default queue."""

from celery import shared_task

from apps.idempotency import services


@shared_task(name="idempotency.sweep", ignore_result=True)
def sweep() -> None:
    """Forget kept answers after 24 hours. Beat runs this every few minutes."""
    while services.sweep() == services.BATCH:
        pass
