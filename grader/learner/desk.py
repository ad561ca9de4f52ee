"""What a learner's commands do: which exercise is next, one hint more, the solution, the standings."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog import Exercise
from ..errors import UsageProblem
from . import workspace
from .progress import Progress, ProgressUnavailable, Standing, default_path, opened

if TYPE_CHECKING:
    from ..result import Result


@dataclass(frozen=True)
class Hint:
    """One hint: its number, how many there are, its text."""

    number: int
    of: int
    text: str


def here(start: Path) -> workspace.Workspace:
    """The workspace around `start`. Raises UsageProblem outside of one."""
    found = workspace.find(start)
    if found is None:
        raise UsageProblem("This is no dlkit workspace. Make one: dlkit init my-exercises && cd my-exercises")
    return found


def in_workspace(place: workspace.Workspace, exercises: Iterable[Exercise]) -> list[Exercise]:
    """Those that the workspace has a file for (it may hold some tracks only); all where it has none at all."""
    return [e for e in exercises if place.file(e) is not None] or list(exercises)


def next_exercise(exercises: Iterable[Exercise], standings: dict[str, Standing]) -> Exercise | None:
    """The exercise begun last and not solved; else the first in order that is open; None when all are solved."""
    exercises = list(exercises)
    begun = [e for e in exercises if standings.get(e.slug, Standing()).state == "started"]
    if begun:
        return max(begun, key=lambda e: standings[e.slug].order)
    return next((e for e in exercises if standings.get(e.slug, Standing()).state == "open"), None)


def remarks(place: workspace.Workspace, exercises: Iterable[Exercise], known: dict[str, Standing]) -> list[str]:
    """What a learner should know of the workspace: it is old, or the exercise begun last has no file in it."""
    words = [workspace.outdated(place)]
    begun = [e for e in exercises if known.get(e.slug, Standing()).state == "started"]
    last = max(begun, key=lambda e: known[e.slug].order, default=None)
    if last is not None and place.file(last) is None:
        words.append(
            f"{last.slug}, which you began last, has no file in this workspace; `dlkit reset {last.slug}` puts a fresh"
            " stub there."
        )
    return [w for w in words if w]


def in_state(exercises: list[Exercise], known: dict[str, Standing], state: str | None) -> list[Exercise]:
    """Those of the exercises where the learner stands so (all of them for None)."""
    return [e for e in exercises if state in (None, known.get(e.slug, Standing()).state)]


def standings() -> dict[str, Standing]:
    """By exercise; empty where nothing was kept. Makes no file."""
    if not default_path().is_file():
        return {}
    try:
        with opened() as progress:
            return progress.standings()
    except ProgressUnavailable:
        return {}


def remember(result: "Result", file: Path) -> list[str]:
    """Keep an attempt at a file of a workspace; remarks for the learner. Other files leave no trace."""
    complete = result.max_score == 100 and result.status != "internal_error"
    place = workspace.find(file.resolve().parent)
    if not complete or place is None:
        return []
    from . import review

    kind = "review" if review.is_review(place, file) else "practice"
    try:
        with opened() as progress:
            now = time.time()
            progress.record(result, now, kind)
            words = review.remember(progress, result, now) if kind == "review" else []
            return [*progress.notes, *words]
    except ProgressUnavailable as error:
        return [str(error)]


def hint(exercise: Exercise, progress: Progress) -> Hint:
    """One hint more than before; the last one again when there are no more. Raises UsageProblem in an interview."""
    _not_in_an_interview(exercise, progress)
    number = progress.take_hint(exercise.slug, len(exercise.hints), time.time())
    return Hint(number, len(exercise.hints), exercise.hints[number - 1])


def may_see_solution(exercise: Exercise, progress: Progress, give_up: bool) -> None:
    """Recorded. Raises UsageProblem before full marks, unless the learner gives up."""
    from . import review

    _not_in_an_interview(exercise, progress)
    standing = progress.standing(exercise.slug)
    if standing.state != "solved" and not give_up:
        raise UsageProblem(
            f"The solution of {exercise.slug} is shown after full marks (your best so far: {standing.best:g})."
            f" `dlkit hint {exercise.slug}` helps on; `dlkit solution {exercise.slug} --give-up` shows it now."
        )
    progress.see_solution(exercise.slug, standing.state != "solved", time.time())
    review.give_up(progress, exercise.slug, time.time())


def _not_in_an_interview(exercise: Exercise, progress: Progress) -> None:
    from . import interviews

    if interviews.is_asked(progress, exercise.slug, time.time()):
        raise UsageProblem(
            f"{exercise.slug} is asked in the interview that is running: no hints and no solution now."
            " `dlkit interview --end` ends it."
        )


def write_page(path: Path, html: str, mark: str) -> None:
    """Write a page; one of ours (it holds `mark`) is replaced, anything else is left. Raises UsageProblem."""
    try:
        if path.exists() and mark not in path.read_text("utf-8", "replace"):
            raise UsageProblem(f"{path} exists and is no page of dlkit: it is left as it is. Choose another name.")
        path.write_text(html, "utf-8")
    except OSError as error:
        raise UsageProblem(f"{path} cannot be written ({error.strerror}). Choose another place.") from None
