"""What can go wrong with idempotency keys."""

from apps.core.errors import Conflict, Problem, Unprocessable


class IdempotencyKeyInvalid(Problem):
    """The idempotency key is empty, too long or not plain text."""

    code = "idempotency_key_invalid"


class IdempotencyMismatch(Unprocessable):
    """The idempotency key belongs to a different request."""

    code = "idempotency_mismatch"


class IdempotencyInProgress(Conflict):
    """A request under the same idempotency key is still being answered."""

    code = "idempotency_in_progress"
