"""The reference API over HTTP."""
