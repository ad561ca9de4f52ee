"""The catalogue for people: `dlkit list`, `dlkit show`."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..catalog import Exercise
from .terminal import Style

if TYPE_CHECKING:
    from ..learner.progress import Standing


def listing(
    exercises: Sequence[Exercise],
    width: int,
    style: Style,
    question: str | None = None,
    standings: Mapping[str, "Standing"] = MappingProxyType({}),
) -> str:
    """One line per exercise, grouped by track; with `question`, the interview questions that match.

    With `standings`, the learner's state (✓ solved, … begun) and best points are shown.
    """
    if not exercises:
        return "No exercise fits. `dlkit list` without options shows all of them."
    lines: list[str] = []
    track = ""
    wide = max(len(e.slug) for e in exercises)
    digits = max(len(e.number) for e in exercises)
    for e in exercises:
        if e.track != track:
            track = e.track
            lines += ["", style(track, bold=True)] if lines else [style(track, bold=True)]
        best = f", {standings[e.slug].best:g} points" if e.slug in standings else ""
        facts = f"{e.framework}, level {e.level}, {e.minutes} min{best}"
        room = width - wide - digits - 6 - len(facts) - 2
        if room >= 16:
            row = f"{e.number:<{digits}}  {e.slug:<{wide}}  {_cut(e.title, room):<{room}}  {style(facts, dim=True)}"
            lines.append(f"{_mark(e, standings)} {row}")
        else:
            lines += [
                f"{_mark(e, standings)} {e.number}  {e.slug}",
                style(f"      {_cut(e.title, width - 6)}", dim=True),
            ]
        for q in _matching(e, question):
            lines += textwrap.wrap(q, width, initial_indent="      ? ", subsequent_indent="        ")
    count = f"{len(exercises)} exercise{'s' * (len(exercises) != 1)}"
    lines += ["", *textwrap.wrap(f"{count}. `dlkit show {exercises[0].slug}` prints a statement.", width)]
    return "\n".join(lines)


def statement(exercise: Exercise, width: int, style: Style) -> str:
    """Title, facts, statement, interview questions, prerequisites, sources."""
    facts = f"{exercise.track} · {exercise.framework} · level {exercise.level} of 5 · {exercise.minutes} minutes"
    lines = [style(line, bold=True) for line in textwrap.wrap(f"{exercise.name} · {exercise.title}", width)]
    lines += [style(line, dim=True) for line in textwrap.wrap(facts, width)]
    lines += ["", exercise.statement, ""]
    if exercise.forbidden:
        lines += _paragraph("Not to be used: " + ", ".join(exercise.forbidden), width)
    if exercise.prerequisites:
        lines += _paragraph("Builds on: " + ", ".join(exercise.prerequisites), width)
    if exercise.questions:
        lines += [style("Interview questions it answers", bold=True)]
        for question in exercise.questions:
            lines += textwrap.wrap(question, width, initial_indent="  - ", subsequent_indent="    ")
        lines.append("")
    if exercise.sources:
        lines += _paragraph("Sources: " + "; ".join(exercise.sources), width)
    lines.append(f"Start from {exercise.stub}, then: dlkit check {exercise.slug} YOUR_FILE")
    return "\n".join(lines)


def listing_json(exercises: Sequence[Exercise]) -> str:
    return json.dumps([_facts(e) for e in exercises], indent=1)


def statement_json(exercise: Exercise) -> str:
    return json.dumps({**_facts(exercise), "statement": exercise.statement, "stub": exercise.stub.read_text("utf-8")})


def _facts(e: Exercise) -> dict[str, Any]:
    return {
        "exercise": e.name, "slug": e.slug, "title": e.title, "track": e.track, "framework": e.framework,
        "level": e.level, "minutes": e.minutes, "prerequisites": list(e.prerequisites),
        "forbidden": list(e.forbidden), "questions": list(e.questions), "sources": list(e.sources),
    }  # fmt: skip


def _matching(exercise: Exercise, question: str | None) -> list[str]:
    words = (question or "").lower().split()
    return [q for q in exercise.questions if words and all(w in q.lower() for w in words)]


def _paragraph(text: str, width: int) -> list[str]:
    return [*textwrap.wrap(text, width), ""]


def _mark(exercise: Exercise, standings: Mapping[str, "Standing"]) -> str:
    state = standings[exercise.slug].state if exercise.slug in standings else "open"
    return {"solved": "✓", "started": "…"}.get(state, " ")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
