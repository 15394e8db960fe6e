"""The platform's own API: what the portal does for applications, keys and teams, for programs."""
