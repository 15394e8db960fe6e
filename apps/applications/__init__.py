"""Third-party applications and their way to live traffic."""
