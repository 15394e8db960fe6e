"""Idempotency keys: the same request twice has one effect."""
