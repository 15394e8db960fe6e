"""The catalog: APIs, versions, operations and scopes."""
