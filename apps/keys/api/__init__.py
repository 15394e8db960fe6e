"""What other platforms call about keys."""
