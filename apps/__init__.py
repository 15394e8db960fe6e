"""What Trellis is about: one Django app per domain, on a ladder of imports (see pyproject.toml)."""
