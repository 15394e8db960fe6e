"""Values that let Django start where nothing secret is needed, and that no server accepts."""

VALUES = {
    "TRELLIS_SECRET_KEY": "placeholder-that-signs-nothing-of-worth-0123456789abcdef",
    "TRELLIS_KEY_PEPPER": "0:" + "00" * 32,
    "TRELLIS_VAULT_KEY": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
    "TRELLIS_CALLER_KEY": "00" * 32,
    "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/nowhere",
    "VALKEY_URL": "redis://127.0.0.1:1/0",
}
