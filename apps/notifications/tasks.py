"""Work for the queue ``mail``."""

from celery import shared_task

from apps.notifications import reminders, services


@shared_task(name="notifications.send", ignore_result=True)
def send(message_id: str) -> None:
    """Send one mail, once it is committed."""
    services.send(message_id)


@shared_task(name="notifications.sweep", ignore_result=True)
def sweep() -> None:
    """Send what was left. Beat runs this every half minute."""
    services.sweep()


@shared_task(name="notifications.remind", ignore_result=True)
def remind() -> None:
    """Announce what expires. Beat runs this every hour."""
    reminders.remind()
