"""Plans, their immutable versions, and who subscribes to which."""
