"""Work for the default queue."""

from celery import shared_task

from apps.commerce.services import payments


@shared_task(name="commerce.settle", ignore_result=True)
def settle() -> None:
    """Settle the payments that are due. Beat runs this every second."""
    payments.settle_due()
