"""A learner's progress as a page, with pictures: one file, nothing loaded from elsewhere."""

from collections.abc import Iterator, Sequence
from statistics import median

from ..catalog import Exercise
from ..learner.history import History
from ..learner.progress import Standing
from .charts import bar_svg, calendar_svg, line_svg, spark_svg
from .html import escape, fragment, page_html
from .learner import days_words, span

MARK = "<!-- a page of dlkit progress -->"
_STATES = {"solved": ("✓ solved", "good"), "started": ("… begun", "so"), "open": ("open", "soft")}
_STYLE = """<style>
.dlkit table { border-collapse: collapse; width: 100%; } .dlkit td, .dlkit th { text-align: left; padding: .25em .6em
.25em 0; border-bottom: 1px solid var(--line); vertical-align: middle; } .dlkit td.good,
.dlkit td.so { white-space: nowrap; } .dlkit .facts { display: flex; flex-wrap: wrap;
gap: 1em 2em; margin: 1em 0; } .dlkit .facts strong { display: block; font-size: 1.5em; } .dlkit .wide { overflow-x:
auto; }
</style>"""


def progress_page(exercises: Sequence[Exercise], history: History) -> str:
    """The whole document."""
    return page_html("My progress in dlkit", MARK + "\n" + progress_html(exercises, history))


def progress_html(exercises: Sequence[Exercise], history: History) -> str:
    """The same as one element, for a notebook's cell."""
    parts = [_STYLE, "<h2>My progress</h2>", _facts(exercises, history)]
    if history.points:
        parts += ["<h3>Points over time</h3>", '<div class="wide">']
        parts += [line_svg(history.points, 100.0 * len(exercises), history.today), "</div>"]
        parts += [
            "<h3>Attempts per day</h3>",
            f'<div class="wide">{calendar_svg(history.attempts, history.today)}</div>',
        ]
    parts += ["<h3>Tracks</h3>", *_tracks(exercises, history), "<h3>Exercises</h3>", *_table(exercises, history)]
    return fragment("\n".join(parts))


def _facts(exercises: Sequence[Exercise], history: History) -> str:
    known = history.standings
    solved = [s for e in exercises if (s := known.get(e.slug)) is not None and s.state == "solved"]
    times = [s.solved_at - s.first_at for s in solved if s.solved_at is not None and s.first_at is not None]
    facts = [
        (f"{len(solved)} of {len(exercises)}", "solved"),
        (days_words(history.streak), "streak"),
        (str(sum(s.attempts for s in known.values())), "attempts"),
        (str(sum(s.hints for s in known.values())), "hints"),
    ]
    if times:
        facts.append((span(median(times)), "to full marks (median)"))
    if history.interviews:
        mean = sum(points for _, points in history.interviews) / len(history.interviews)
        facts.append((f"{len(history.interviews)}", f"interviews, {mean:.0f} points on average"))
    shown = "".join(f"<div><strong>{escape(value)}</strong> {escape(name)}</div>" for value, name in facts)
    return f'<div class="facts">{shown}</div>'


def _tracks(exercises: Sequence[Exercise], history: History) -> Iterator[str]:
    tracks: dict[str, list[Standing]] = {}
    for e in exercises:
        tracks.setdefault(e.track, []).append(history.standings.get(e.slug, Standing()))
    yield "<table>"
    for track, members in tracks.items():
        share = sum(s.best for s in members) / (100 * len(members))
        solved = sum(s.state == "solved" for s in members)
        words = f"{track}: {share:.0%} of the points"
        yield f"<tr><td>{escape(track)}</td><td>{bar_svg(share, words)}</td><td>{share:.0%}</td>"
        yield f"<td>{solved}/{len(members)}</td></tr>"
    yield "</table>"


def _table(exercises: Sequence[Exercise], history: History) -> Iterator[str]:
    touched = [e for e in exercises if e.slug in history.standings]
    if not touched:
        yield "<p>Nothing has been tried yet.</p>"
        return
    names = ("Exercise", "State", "Best", "Attempts", "", "Hints", "To full marks", "Last mistake")
    yield '<div class="wide"><table><tr>' + "".join(f"<th>{n}</th>" for n in names) + "</tr>"
    for e in touched:
        s = history.standings[e.slug]
        words, kind = _STATES[s.state]
        time = span(s.solved_at - s.first_at) if s.solved_at is not None and s.first_at is not None else ""
        mistakes = ", ".join(s.mistakes) if s.state != "solved" else ""
        hints = f"{s.hints}{', solution seen' if s.gave_up else ''}"
        cells = (f"{s.best:g}", str(s.attempts), None, hints, time, mistakes)
        yield f'<tr><td>{escape(f"{e.number} {e.title}")}</td><td class="{kind}">{words}</td>'
        spark = spark_svg(history.scores.get(e.slug, ()))
        yield "".join(f"<td>{spark if c is None else escape(c)}</td>" for c in cells) + "</tr>"
    yield "</table></div>"
