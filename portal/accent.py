"""The operator's accent colour, made readable on light and on dark.

Contrast as WCAG 2.2 defines it: at least 4.5 to 1 against the page and against the text on buttons.
"""

import re
from collections.abc import Callable

Rgb = tuple[float, float, float]

WHITE: Rgb = (1.0, 1.0, 1.0)
INK: Rgb = (0.055, 0.062, 0.082)  # the dark theme's page, about oklch(17% 0.013 262)
ENOUGH = 4.6  # a little above 4.5, for tinted backgrounds
STEPS = 40
LINEAR = 0.04045  # where sRGB stops being linear
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def parse(text: str) -> Rgb | None:
    """Return the colour written as ``#rgb`` or ``#rrggbb``, or None."""
    if not _HEX.fullmatch(text):
        return None
    digits = text[1:] if len(text) > len("#rgb") else "".join(2 * digit for digit in text[1:])
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def stylesheet(text: str) -> str:
    """Return CSS that replaces the accent, or nothing when ``text`` is no colour."""
    colour = parse(text)
    if colour is None:
        return ""
    light, dark = readable(colour)
    return (
        ":root{"
        f"--color-primary:light-dark({written(light)},{written(dark)});"
        f"--color-primary-content:light-dark({written(_on(light))},{written(_on(dark))})"
        "}\n"
    )


def readable(colour: Rgb) -> tuple[Rgb, Rgb]:
    """Return the colour as it can be read on light and on dark."""
    return (
        _until(lambda share: _mix(colour, INK, share), against=(0.95, 0.96, 0.97)),
        _until(lambda share: _mix(colour, WHITE, share), against=(0.15, 0.16, 0.2)),
    )


def written(colour: Rgb) -> str:
    """Return the colour as ``#rrggbb``."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def contrast(one: Rgb, two: Rgb) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _until(tone: Callable[[float], Rgb], *, against: Rgb) -> Rgb:
    tones = (tone(step / STEPS) for step in range(STEPS + 1))
    return next(colour for colour in tones if contrast(colour, against) >= ENOUGH)


def _on(colour: Rgb) -> Rgb:
    return max((WHITE, INK), key=lambda text: contrast(colour, text))


def _mix(one: Rgb, two: Rgb, share: float) -> Rgb:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, two, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= LINEAR else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
