"""The tab's icon in the operator's accent: as SVG, and as ICO for those who ask for it."""

import struct
from typing import Final

from portal import accent

ACCENT: Final = "#0f7a55"  # where the operator chose none
SIZE: Final = 32
SVG: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="{colour}"/>'
    '<g transform="translate(6.4 6.4) scale(.8)" fill="none" stroke="#fff" stroke-width="2.2" '
    'stroke-linecap="round" stroke-linejoin="round"><path d="M14 9.536V7a4 4 0 0 1 4-4h1.5a.5.5 '
    "0 0 1 .5.5V5a4 4 0 0 1-4 4 4 4 0 0 0-4 4c0 2 1 3 1 5a5 5 0 0 1-1 3M4 9a5 5 0 0 1 8 4 5 5 0 "
    '0 1-8-4M5 21h14"/></g></svg>'
)
# The sprout of the SVG as bits: a row of pixels each, from row FIRST on.
FIRST: Final = 8
SPROUT: Final = (
    *(0x003E00, 0x007E00, 0x006600, 0x006600, 0x3C6E00, 0x7EFC00, 0x63F000, 0x618000),
    *(0x338000, 0x1F8000, 0x0D8000, 0x00C000, 0x00C000, 0x00C000, 0x3FFC00, 0x3FFC00),
)
# How many pixels the rounded corners take from each end of a row, counted from the nearer edge.
CORNER: Final = (5, 3, 2, 1, 1)
WHITE: Final = b"\xff\xff\xff\xff"
CLEAR: Final = bytes(4)


def svg(colour: str) -> str:
    """Return the icon as SVG."""
    return SVG.format(colour=_known(colour))


def ico(colour: str) -> bytes:
    """Return the icon as one bitmap of 32 by 32 pixels."""
    red, green, blue = (round(part * 255) for part in accent.parse(_known(colour)) or (0, 0, 0))
    ground = bytes((blue, green, red, 255))
    rows = [
        b"".join(_pixel(x, y, ground) for x in range(SIZE))
        for y in reversed(range(SIZE))  # bitmaps begin at the bottom
    ]
    shape = struct.pack("<IiiHHIIiiII", 40, SIZE, 2 * SIZE, 1, 32, 0, 0, 0, 0, 0, 0)
    bitmap = shape + b"".join(rows) + bytes(SIZE * SIZE // 8)  # a mask that hides nothing
    header = struct.pack("<HHH", 0, 1, 1)
    return header + struct.pack("<BBBBHHII", SIZE, SIZE, 0, 0, 1, 32, len(bitmap), 22) + bitmap


def _known(colour: str) -> str:
    return colour if accent.parse(colour) else ACCENT


def _pixel(x: int, y: int, ground: bytes) -> bytes:
    edge = min(y, SIZE - 1 - y)
    cut = CORNER[edge] if edge < len(CORNER) else 0
    if not cut <= x < SIZE - cut:
        return CLEAR
    row = SPROUT[y - FIRST] if FIRST <= y < FIRST + len(SPROUT) else 0
    return WHITE if row >> (SIZE - 1 - x) & 1 else ground
