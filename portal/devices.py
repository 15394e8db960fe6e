"""What a browser calls itself, in words: "Firefox on Windows"."""

from typing import Final

BROWSERS: Final = (  # in this order: most browsers also claim to be others
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
HANDHELD: Final = {"iPhone", "iPad", "Android"}


def name(agent: str) -> str:
    """Return browser and system, as far as ``agent`` tells."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown browser"


def glyph(agent: str) -> str:
    """Return the icon of what the browser runs on."""
    return "smartphone" if _first(SYSTEMS, agent) in HANDHELD else "laptop"


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((word for mark, word in known if mark in agent), "")
