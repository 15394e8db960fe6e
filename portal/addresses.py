"""Where a request comes from."""

from apps.core.addresses import client_address

__all__ = ["client_address"]
