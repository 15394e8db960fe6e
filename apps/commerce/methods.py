"""The test payment methods of sandboxes: what each of them does."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Method:
    """``failure`` is empty where the payment succeeds; ``after`` runs on the tenant's clock."""

    words: str
    failure: str = ""
    action: bool = False
    after: timedelta = timedelta()


METHODS = {
    "pm_ok": Method("Succeeds at once."),
    "pm_slow": Method("Succeeds after one minute.", after=timedelta(minutes=1)),
    "pm_declined": Method("Fails: card_declined.", failure="card_declined"),
    "pm_insufficient_funds": Method("Fails: insufficient_funds.", failure="insufficient_funds"),
    "pm_expired": Method("Fails: card_expired.", failure="card_expired"),
    "pm_processing_error": Method("Fails: processing_error.", failure="processing_error"),
    "pm_requires_action": Method("Succeeds once it is confirmed.", action=True),
    "pm_action_fails": Method(
        "Fails once it is confirmed: authentication_failed.",
        failure="authentication_failed",
        action=True,
    ),
}
FAILURES = {
    "card_declined": "The card was declined.",
    "insufficient_funds": "The account does not hold enough.",
    "card_expired": "The card has expired.",
    "processing_error": "The processor could not complete the payment.",
    "authentication_failed": "The customer did not confirm the payment.",
}
