"""An interview in words: what is asked, what a grading on request says, the report at the end."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..catalog import Exercise
from ..learner.interview import Graded
from ..learner.interviews import Interview
from .terminal import STATUS_WORDS, Style

KEYS = "g grade · e end · q leave (the clock goes on)"


def opening(interview: Interview, files: Sequence[tuple[Exercise, Path]], live: bool, width: int, style: Style) -> str:
    """What is asked, where the files are, how much time is left. No hints."""
    lines = [style(f"Interview · {interview.minutes:g} minutes · {clock(interview.left_s)} left", bold=True), ""]
    for number, (exercise, file) in enumerate(files, 1):
        lines.append(f"{number}. {exercise.title} ({exercise.slug}, {exercise.minutes} min)")
        lines.append(f"   {file}")
    lines += ["", *textwrap.wrap("The statement is at the top of each file. There are no hints now.", width)]
    if live:
        return "\n".join([*lines, KEYS, ""])
    return "\n".join(
        [
            *lines,
            "dlkit interview --grade   the points so far",
            "dlkit interview           the time left",
            "dlkit interview --end     end it: the report",
        ]
    )


def clock(seconds: float) -> str:
    """`44:59`."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def countdown(left_s: float, width: int) -> str:
    return f"{clock(left_s)} left · {KEYS}"[: max(10, width - 1)]


def graded(found: Sequence[Graded], width: int, style: Style) -> str:
    """On request: points and which checks fail, without the reasons."""
    lines = []
    for g in found:
        if g.result is None:
            lines += textwrap.wrap(f"{g.exercise.slug}: {g.trouble}", width, subsequent_indent="    ")
            continue
        passed = sum(c.status == "passed" for c in g.result.checks)
        words = f"{g.exercise.slug}: {g.score:g} of 100 points, {passed} of {len(g.result.checks)} checks pass"
        if g.result.status not in ("passed", "failed"):
            words += f" ({STATUS_WORDS[g.result.status]})"
        lines += textwrap.wrap(words, width, subsequent_indent="    ")
    return "\n".join(lines)


def final(
    interview: Interview, found: Sequence[Graded], questions: Mapping[str, Sequence[str]], width: int, style: Style
) -> str:
    """Points, time against par, mistakes named, the questions that would come next (by exercise)."""
    points = sum(g.score for g in found) / max(1, len(found))
    head = f"Interview: {points:.0f} of 100 points in {_span(interview.used_s)} of {interview.minutes:g} min"
    lines = ["", *(style(line, bold=True) for line in textwrap.wrap(head, width))]
    for g in found:
        lines += ["", style(f"{g.exercise.title} ({g.exercise.slug})", bold=True)]
        lines += [f"  {line}" for line in textwrap.wrap(_verdict(g), width - 2)]
        for mistake in _mistakes(g):
            lines += textwrap.wrap(mistake, width, initial_indent="  → ", subsequent_indent="    ")
        if questions.get(g.exercise.slug):
            lines.append("  Asked next:")
        for question in questions.get(g.exercise.slug, ()):
            lines += textwrap.wrap(question, width, initial_indent="    - ", subsequent_indent="      ")
    first = found[0].exercise.slug if found else "softmax"
    words = (
        f"Your files are kept in {interview.folder}. To see a whole report: dlkit check {first} FILE."
        " To go on practising: dlkit next"
    )
    return "\n".join([*lines, "", *textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)])


def _verdict(g: Graded) -> str:
    time = f"{_span(g.spent_s)} up to your last save (par {g.exercise.minutes} min)" if g.spent_s else "never saved"
    if g.result is None:
        return f"0 of 100 points · {g.trouble} · {time}"
    return f"{g.score:g} of 100 points · {STATUS_WORDS[g.result.status]} · {time}"


def _mistakes(g: Graded) -> list[str]:
    if g.result is None:
        return []
    named = [c.diagnosis.message for c in g.result.checks if c.diagnosis]
    unnamed = [c.title for c in g.result.checks if c.status == "failed" and not c.diagnosis]
    if g.result.status not in ("passed", "failed"):
        return [g.result.message.split("\n")[0]] if g.result.message else []
    return [*dict.fromkeys(named), *(f"Not met: {title}" for title in unnamed)]


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
