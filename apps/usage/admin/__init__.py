"""Usage, for the operator: requests, and who still calls what ends."""

from apps.usage.admin import ending, requests

__all__ = ["ending", "requests"]
