"""Text in files that spreadsheets open. Pure."""

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # How spreadsheets recognise a formula.


def plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
