"""People: who they are, how they sign in, which terms they accepted."""
