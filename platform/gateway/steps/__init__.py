"""What happens to a request, in order; each step is ``async (Exchange) -> None`` in its own file.

Raising a Problem ends the request with that answer.
"""
