"""Metering: every request's record, its roll-ups, and what they answer."""
