"""What identity costs: checking tokens, issuing them, and how fast an end is heard of."""
