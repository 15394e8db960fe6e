"""Errors as problem documents (RFC 9457)."""

import logging

log = logging.getLogger(__name__)
