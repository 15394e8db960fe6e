"""Work for the default queue."""

from celery import shared_task

from apps.keys import handover, leaks


@shared_task(name="keys.sweep", ignore_result=True)
def sweep() -> None:
    """Do what fell due with keys. Beat runs this every minute; rows say what is due."""
    handover.alert()
    handover.retire()
    leaks.settle()
