"""Small pictures: inline SVG for pages, block characters for a terminal. Pure functions; text is escaped here.

The colours of the SVG are the page's CSS variables, so that they follow light and dark.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from .html import escape

_BLOCKS = " ▁▂▃▄▅▆▇█"


def block_chart(values: Sequence[float], top: float, width: int, height: int) -> list[str]:
    """Columns of block characters, `height` lines of at most `width` characters; `top` fills a column."""
    columns = _resampled(values, width)
    eighths = [round(max(0.0, min(1.0, v / top if top else 0.0)) * height * 8) for v in columns]
    eighths = [max(e, 1) if v > 0 else 0 for e, v in zip(eighths, columns, strict=True)]
    return ["".join(_BLOCKS[max(0, min(8, e - 8 * row))] for e in eighths) for row in reversed(range(height))]


def _resampled(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values, each the last one of its share; few values are drawn up to four columns wide."""
    if len(values) <= width:
        wide = min(4, width // max(1, len(values)))
        return [v for v in values for _ in range(wide)]
    return [values[(i + 1) * len(values) // width - 1] for i in range(width)]


def bar_svg(share: float, words: str) -> str:
    """A horizontal bar, `share` (0 to 1) of it filled."""
    filled = 240 * max(0.0, min(1.0, share))
    return _svg(
        240, 12, words, f'<rect width="240" height="12" rx="3" fill="var(--pane)"/>'
        f'<rect width="{filled:.1f}" height="12" rx="3" fill="var(--good)"/>',
    )  # fmt: skip


def spark_svg(scores: Sequence[float]) -> str:
    """Attempt after attempt, 0 to 100 points: one column each (the last 24)."""
    shown = list(scores)[-24:]
    columns = []
    for i, score in enumerate(shown):
        tall = max(1.5, 18 * score / 100)
        colour = "var(--good)" if score >= 100 else "var(--so)"
        columns.append(f'<rect x="{i * 5}" y="{18 - tall:.1f}" width="4" height="{tall:.1f}" fill="{colour}"/>')
    words = f"points by attempt: {', '.join(f'{s:g}' for s in shown)}"
    return _svg(max(5 * len(shown), 5), 18, words, "".join(columns))


def calendar_svg(attempts: Mapping[date, int], today: date, weeks: int = 26) -> str:
    """A square per day, the columns are weeks (Monday on top), darker with more attempts."""
    first = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    most = max([attempts.get(first + timedelta(days=n), 0) for n in range(7 * weeks)], default=0)
    squares = []
    for n in range((today - first).days + 1):
        day = first + timedelta(days=n)
        count = attempts.get(day, 0)
        x, y = 30 + (n // 7) * 14, (n % 7) * 14
        opacity = 0.25 + 0.75 * count / most if count else 1.0
        colour = "var(--good)" if count else "var(--pane)"
        words = f"{day.isoformat()}: {count} attempt{'s' * (count != 1)}"
        squares.append(
            f'<rect x="{x}" y="{y}" width="12" height="12" rx="2" fill="{colour}" fill-opacity="{opacity:.2f}">'
            f"<title>{words}</title></rect>"
        )
    names = "".join(_text(0, 10 + 14 * row, name) for row, name in ((0, "Mon"), (2, "Wed"), (4, "Fri")))
    return _svg(30 + 14 * weeks, 98, f"attempts per day, last {weeks} weeks", names + "".join(squares))


def line_svg(points: Sequence[tuple[date, float]], top: float, today: date) -> str:
    """Total points over the days, a step at each day; `top` is the most there is."""
    first = points[0][0]
    span = max(1, (today - first).days)
    top = max(top, 1.0)
    path, last = "", 150.0
    for day, value in points:
        x, y = 44 + 540 * (day - first).days / span, 150 - 140 * min(1.0, value / top)
        path += f"M44 {y:.1f}" if not path else f"L{x:.1f} {last:.1f}L{x:.1f} {y:.1f}"
        last = y
    path += f"L584 {last:.1f}"
    grid = "".join(
        f'<line x1="44" x2="584" y1="{150 - 140 * s:.1f}" y2="{150 - 140 * s:.1f}" stroke="var(--line)"/>'
        + _text(38, 154 - 140 * s, f"{top * s:.0f}", "end")
        for s in (0.0, 0.5, 1.0)
    )
    ends = _text(44, 170, first.isoformat()) + _text(584, 170, today.isoformat(), "end")
    curve = f'<path d="{path}" fill="none" stroke="var(--tell)" stroke-width="2"/>'
    return _svg(590, 176, f"total points from {first} to {today}", grid + curve + ends)


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="10" text-anchor="{anchor}" fill="var(--soft)">{escape(words)}</text>'


def _svg(width: float, height: float, words: str, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
        f' height="{height:g}" role="img" aria-label="{escape(words)}" style="max-width: 100%">{body}</svg>'
    )
