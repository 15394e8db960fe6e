"""API keys: issued, shown once, revoked, found again by digest."""
