"""The comparison as a picture: bars of CPU by who spends it, readable in light and dark."""

from collections.abc import Sequence
from html import escape
from typing import Any

from benchmarks.tables import OURS, PARTS, number

WIDTH, LEFT, RIGHT, ROW, BAR, TOP = 860, 320, 90, 34, 18, 44
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2937 }
  .ours { font-weight: 700 } .figure { fill: #4b5563 }
  .own { fill: #0f766e } .door { fill: #b45309 }
  .valkey { fill: #be123c } .postgres { fill: #1d4ed8 }
  .axis { stroke: #9ca3af }
  @media (prefers-color-scheme: dark) {
    text { fill: #e5e7eb } .figure { fill: #9ca3af } .axis { stroke: #6b7280 }
    .own { fill: #2dd4bf } .door { fill: #fbbf24 }
    .valkey { fill: #fb7185 } .postgres { fill: #60a5fa }
  }
"""


def draw(rows: Sequence[dict[str, Any]]) -> str:
    """Return an SVG of everybody's CPU microseconds per request."""
    most = max(row["total"] for row in rows)
    scale = (WIDTH - LEFT - RIGHT) / most
    height = TOP + ROW * len(rows) + 12
    words = ", ".join(f"{row['name']} {number(row['total'])}" for row in rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>CPU microseconds per request: {escape(words)}</title>",
        f"<style>{STYLE}</style>",
        *_legend(),
        *(line for at, row in enumerate(rows) for line in _bar(row, TOP + ROW * at, scale)),
        f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{TOP - 4}" y2="{height - 8}"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> list[str]:
    made, left = ['<text class="figure" x="8" y="22">CPU us per request</text>'], LEFT
    for part, words in PARTS.items():
        made.append(f'<rect class="{part}" x="{left}" y="12" width="12" height="12" rx="2"/>')
        made.append(f'<text x="{left + 18}" y="23">{escape(words)}</text>')
        left += 34 + 7 * len(words)
    return made


def _bar(row: dict[str, Any], top: int, scale: float) -> list[str]:
    ours = ' class="ours"' if row["name"].startswith(OURS) else ""
    made = [f'<text{ours} x="8" y="{top + 14}">{escape(row["name"])}</text>']
    left = float(LEFT)
    for part in PARTS:
        wide = row["cpu"].get(part, 0) * scale
        if wide:
            place = f'x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{BAR}"'
            made.append(f'<rect class="{part}" {place}/>')
            left += wide
    told = number(row["total"])
    made.append(f'<text class="figure" x="{left + 6:.1f}" y="{top + 14}">{told}</text>')
    return made
