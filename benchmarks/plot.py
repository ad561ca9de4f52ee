"""One curve over powers of ten on both axes, as SVG."""

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM = 560, 320, 60, 40


def log_log(points: Sequence[tuple[float, float]], across: str, up: str) -> str:
    """`points` (x, y), all positive, joined in order; a grid line per power of ten."""
    (x0, x1), (y0, y1) = (_decades([p[axis] for p in points]) for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        right = (math.log10(x) - x0) / (x1 - x0) * (WIDTH - LEFT - 10)
        above = (math.log10(y) - y0) / (y1 - y0) * (HEIGHT - BOTTOM - 10)
        return LEFT + right, HEIGHT - BOTTOM - above

    parts = []
    for power in range(x0, x1 + 1):
        x, bottom = place(10.0**power, 10.0**y0)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="10" y2="{bottom:.1f}" stroke="#8884"/>')
        parts.append(_text(x, bottom + 16, f"1e{power}", "middle"))
    for power in range(y0, y1 + 1):
        left, y = place(10.0**x0, 10.0**power)
        parts.append(f'<line x1="{left:.1f}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#8884"/>')
        parts.append(_text(left - 6, y + 4, f"1e{power}", "end"))
    curve = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in points))
    parts.append(f'<polyline points="{curve}" fill="none" stroke="#0b63b0" stroke-width="2"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#0b63b0"/>' for x, y in (place(*p) for p in points)]
    parts.append(_text((LEFT + WIDTH) / 2, HEIGHT - 6, across, "middle"))
    parts.append(_text(6, 22, up, "start"))
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}">\n{body}\n</svg>\n'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" text-anchor="{anchor}" fill="#777">{escape(words)}</text>'
