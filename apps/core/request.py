"""The request that is being answered, so that what happens because of it can name it."""

from contextvars import ContextVar

current_request: ContextVar[str] = ContextVar("current request", default="")
