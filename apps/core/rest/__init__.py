"""What every API shares: how it authenticates, answers, refuses and pages."""
