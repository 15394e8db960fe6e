"""Work for the queue ``default``."""

from contextlib import suppress

from celery import shared_task

from apps.oauth import client_secrets, logout, registration, sessions, signing, sweeping


@shared_task(name="oauth.send_logout_notices", ignore_result=True)
def send_logout_notices() -> None:
    """Tell clients of logouts: at once when one happens, and every half minute for the rest."""
    logout.send_due()


@shared_task(name="oauth.rotate_signing_keys", ignore_result=True)
def rotate_signing_keys() -> None:
    """Let the next keys sign tokens. Beat runs this every month."""
    for algorithm in signing.ALGORITHMS:
        with suppress(signing.TooSoon):
            signing.rotate(algorithm)
    sessions.forget()
    registration.forget()


@shared_task(name="oauth.sweep", ignore_result=True)
def sweep() -> None:
    """Warn of old secrets; forget old codes, tokens and proofs. Beat runs it every ten minutes."""
    client_secrets.alert()
    sweeping.sweep()
