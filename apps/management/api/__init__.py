"""The platform's own API over HTTP."""
