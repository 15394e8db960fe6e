"""Organizations: teams of developers with roles."""
