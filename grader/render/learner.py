"""A learner's standings, hints and solutions, for a terminal."""

import textwrap
from collections.abc import Sequence
from datetime import datetime

from ..catalog import Exercise
from ..learner.desk import Hint
from ..learner.doctor import Finding
from ..learner.progress import Standing
from ..wrong import WrongAnswer
from .terminal import Style

MARKS = {"solved": "✓", "started": "…", "open": " "}


def next_words(exercise: Exercise | None, place: str, width: int, style: Style) -> str:
    """What to do now."""
    if exercise is None:
        return "Every exercise is solved. `dlkit progress` shows how."
    facts = f"{exercise.track} · {exercise.framework} · level {exercise.level} of 5 · {exercise.minutes} minutes"
    lines = [style(f"{exercise.name} · {exercise.title}", bold=True), style(facts, dim=True), "", f"Edit {place}"]
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


def progress_words(
    exercises: Sequence[Exercise], standings: dict[str, Standing], streak: int, width: int, style: Style
) -> str:
    """Points per track with bars, then what was touched."""
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
    lines += ["", *_touched(exercises, standings, width)]
    solved = sum(s.state == "solved" for s in standings.values())
    lines.append(f"{solved} of {len(exercises)} solved · {_days(streak)}")
    return "\n".join(lines)


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
            facts.append(f"solved after {_span(s.solved_at - s.first_at)}")
        if s.mistakes and s.state != "solved":
            facts.append("last mistake: " + ", ".join(s.mistakes))
        rows += textwrap.wrap(
            f"{e.number} {e.slug}: {', '.join(facts)}",
            width,
            initial_indent=f"{MARKS[s.state]} ",
            subsequent_indent="    ",
        )
    return [*rows, ""] if rows else []


def _span(seconds: float) -> str:
    seconds = max(0.0, seconds)  # a clock that was set back
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"


def _days(streak: int) -> str:
    return "no streak yet" if not streak else f"{streak} day{'s' if streak > 1 else ''} in a row"


def doctor_words(finding: Finding, style: Style) -> str:
    mark, colour = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "broken": ("✗", "red")}[finding.state]
    line = f"{style(mark, fg=colour, bold=True)} {finding.subject}: {finding.words}"
    return f"{line}\n    → {finding.remedy}" if finding.remedy else line


def moment(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
