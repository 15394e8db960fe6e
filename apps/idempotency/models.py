"""Requests that were answered under an idempotency key."""
