"""Review: decisions about applications, with reasons."""
