"""Mail: what was sent to whom."""
