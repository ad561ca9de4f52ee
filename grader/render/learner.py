"""A learner's standings, hints and solutions, for a terminal."""

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..catalog import Exercise
from ..learner.desk import Hint
from ..learner.doctor import Finding
from ..learner.history import History
from ..learner.progress import Standing
from ..learner.review import Due
from ..wrong import WrongAnswer
from .charts import block_chart
from .terminal import Style

MARKS = {"solved": "✓", "started": "…", "open": " "}


def next_words(exercise: Exercise | None, place: str, width: int, style: Style) -> str:
    """What to do now."""
    if exercise is None:
        return "Every exercise is solved. `dlkit progress` shows how."
    facts = f"{exercise.track} · {exercise.framework} · level {exercise.level} of 5 · {exercise.minutes} minutes"
    lines = [style(f"{exercise.name} · {exercise.title}", bold=True), style(facts, dim=True), ""]
    if not place:
        return "\n".join([*lines, f"It has no file here: dlkit reset {exercise.slug} puts a fresh stub there."])
    lines.append(f"Edit {place}")
    return "\n".join(
        [*lines, f"then: dlkit check {exercise.slug}   (or `dlkit watch`; statement: dlkit show {exercise.slug})"]
    )


def hint_words(exercise: Exercise, hint: Hint, width: int, style: Style) -> str:
    head = style(f"Hint {hint.number} of {hint.of} for {exercise.slug}", bold=True)
    more = "There are no more hints." if hint.number == hint.of else f"One more: dlkit hint {exercise.slug}"
    return "\n".join([head, "", *textwrap.wrap(hint.text, width), "", style(more, dim=True)])


def solution_words(
    exercise: Exercise, reference: str, alternative: str, wrong: Sequence[WrongAnswer], width: int, style: Style
) -> str:
    """The reference, another right answer, and what each known mistake is."""
    lines = [style(f"{exercise.name} · {exercise.title}: the reference", bold=True), "", reference.rstrip(), ""]
    if alternative:
        lines += [style("Another right answer", bold=True), "", alternative.rstrip(), ""]
    lines.append(style("Mistakes people make", bold=True))
    for answer in wrong:
        lines += textwrap.wrap(
            f"{answer.name}: {answer.message}", width, initial_indent="  - ", subsequent_indent="    "
        )
    return "\n".join(lines)


def progress_words(exercises: Sequence[Exercise], history: History, width: int, style: Style) -> str:
    """Points per track with bars, points over time, then what was touched."""
    standings = history.standings
    lines = [style("Progress", bold=True), ""]
    tracks: dict[str, list[Exercise]] = {}
    for e in exercises:
        tracks.setdefault(e.track, []).append(e)
    wide = max(map(len, tracks))
    room = max(10, min(30, width - wide - 22))
    for track, members in tracks.items():
        points = sum(standings.get(e.slug, Standing()).best for e in members) / (100 * len(members))
        solved = sum(standings.get(e.slug, Standing()).state == "solved" for e in members)
        bar = "█" * round(points * room) + "·" * (room - round(points * room))
        lines.append(f"{track:<{wide}}  {style(bar, fg='green')} {points:4.0%}  {solved}/{len(members)}")
    lines += ["", *_curve(history, 100.0 * len(exercises), width, style), *_touched(exercises, standings, width)]
    solved = sum(s.state == "solved" for s in standings.values())
    lines.append(f"{solved} of {len(exercises)} solved · {days_words(history.streak)}")
    if history.future:
        words = f"The clock of this machine was wrong once, or is now: an attempt is dated {history.future}."
        lines += textwrap.wrap(words, width)
    return "\n".join(lines)


def _curve(history: History, top: float, width: int, style: Style) -> list[str]:
    """Total points, day by day, from the first attempt to today; the top line is the best so far."""
    if not history.points:
        return []
    first, best = history.points[0][0], history.points[-1][1]
    by_day, values, now = dict(history.points), [], 0.0
    for n in range(min((history.today - first).days, 3650) + 1):
        now = by_day.get(first + timedelta(days=n), now)
        values.append(now)
    label = f"{best:g}"
    rows = block_chart(values, best, min(60, width - len(label) - 4), 4)
    shown = [f"{label if i == 0 else '':>{len(label)}} │{style(row, fg='green')}" for i, row in enumerate(rows)]
    days = f"{first.isoformat()} to {history.today.isoformat()}" if len(values) > 1 else first.isoformat()
    return [f"Points so far ({best:g} of {top:g}), {days}", *(row.rstrip() for row in shown), ""]


def _touched(exercises: Sequence[Exercise], standings: dict[str, Standing], width: int) -> list[str]:
    rows = []
    for e in exercises:
        s = standings.get(e.slug)
        if s is None:
            continue
        facts = [f"best {s.best:g}", f"{s.attempts} attempts" if s.attempts != 1 else "1 attempt"]
        if s.hints:
            facts.append(f"{s.hints} hint{'s' if s.hints > 1 else ''}")
        if s.gave_up:
            facts.append("solution seen")
        if s.solved_at is not None and s.first_at is not None:
            facts.append(f"solved after {span(s.solved_at - s.first_at)}")
        if s.mistakes and s.state != "solved":
            facts.append("last mistake: " + ", ".join(s.mistakes))
        rows += textwrap.wrap(
            f"{e.number} {e.slug}: {', '.join(facts)}",
            width,
            initial_indent=f"{MARKS[s.state]} ",
            subsequent_indent="    ",
        )
    return [*rows, ""] if rows else []


def span(seconds: float) -> str:
    """A duration in words."""
    seconds = max(0.0, seconds)  # a clock that was set back
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 129600 else f"{seconds / 86400:.0f} days"


def days_words(streak: int) -> str:
    """A streak in words."""
    return "no streak yet" if not streak else f"{streak} day{'s' if streak > 1 else ''} in a row"


def review_words(due: Sequence[Due], now: float, width: int, style: Style) -> str:
    """What is due now, most urgent first, and what comes next."""
    if not due:
        return "Nothing is solved yet, so nothing is due. `dlkit next` says what to do."
    ready = [d for d in due if d.at <= now]
    lines = []
    for d in ready:
        facts = f"due since {span(now - d.at)}, {d.recall:.0%} likely still known, {_times(d.reviews)}"
        lines += textwrap.wrap(f"{d.exercise.slug}: {facts}", width, initial_indent="  - ", subsequent_indent="    ")
    head = f"{len(ready)} of {len(due)} solved exercises are due again." if ready else "Nothing is due today."
    later = [d for d in due if d.at > now][:3]
    lines += textwrap.wrap("Next: " + ", ".join(f"{d.exercise.slug} in {span(d.at - now)}" for d in later), width)
    ways = [f"Do one again from a fresh stub: dlkit review {ready[0].exercise.slug}"] if ready else []
    return "\n".join([style(head, bold=True), *(line for line in lines if line != "Next:"), *ways])


def review_begun_words(exercise: Exercise, stub: str, backup: str, width: int) -> str:
    lines = textwrap.wrap(f"A fresh stub is in {stub}.", width, break_long_words=False, break_on_hyphens=False)
    if backup:
        lines.append(f"What was there is kept as {backup}.")
    return "\n".join([*lines, f"Write it again ({exercise.minutes} minutes), then: dlkit check {stub}"])


def _times(reviews: int) -> str:
    return "not reviewed yet" if not reviews else f"reviewed {reviews} time{'s' * (reviews != 1)}"


def doctor_words(finding: Finding, style: Style) -> str:
    mark, colour = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "broken": ("✗", "red")}[finding.state]
    line = f"{style(mark, fg=colour, bold=True)} {finding.subject}: {finding.words}"
    return f"{line}\n    → {finding.remedy}" if finding.remedy else line


def moment(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
