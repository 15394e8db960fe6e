"""Tenants: isolated worlds of data, one live and any number of sandboxes."""
