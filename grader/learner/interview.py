"""Interview mode: exercises drawn, fresh stubs put aside, a clock, a grade on request and at the end; no hints."""

import importlib.util
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..catalog import Catalog, Exercise, select
from ..errors import DlkitError, UsageProblem
from ..result import Result
from . import desk, interviews
from .interviews import Interview
from .keys import Keys, keyboard
from .progress import Progress, Standing
from .workspace import Workspace, fresh_stub

LATELY = 30 * 86400.0  # seconds after full marks in which an exercise is not drawn
_KEEP = 5.0  # seconds between two writes of the time used


@dataclass(frozen=True)
class Graded:
    """What one exercise of an interview earned: a result, or the sentence that says why there is none."""

    exercise: Exercise
    file: Path
    spent_s: float
    result: Result | None
    trouble: str = ""

    @property
    def score(self) -> float:
        return self.result.score if self.result else 0.0


@dataclass(frozen=True)
class Screen:
    """Where an interview is shown; what is said comes from grader/render/interview.py."""

    live: bool
    say: Callable[[str], None]
    tick: Callable[[float], None]  # the countdown, in place
    opening: Callable[[Interview, list[tuple[Exercise, Path]]], str]
    graded: Callable[[list[Graded]], str]
    final: Callable[[Interview, list[Graded]], str]


def draw(
    exercises: Iterable[Exercise], known: Mapping[str, Standing], count: int, minutes: float, now: float,
    random_numbers: random.Random, avoid: Iterable[str] = (),
) -> list[Exercise]:  # fmt: skip
    """Exercises to ask: not solved lately, weak tracks first, one per track while there are tracks, within the time.

    Those in `avoid` (asked the last time) come only where nothing else is left.
    """
    everything = list(exercises)
    weakness = _weakness(everything, known)
    lately = {e.slug for e in everything if _solved_lately(known.get(e.slug), now)}
    avoided, chosen, left = set(avoid), list[Exercise](), float(minutes)
    while len(chosen) < count:
        tracks = [e.track for e in chosen]
        rest = [e for e in everything if e not in chosen]
        if not rest:
            break
        share = left / (count - len(chosen))

        def order(e: Exercise, tracks: list[str] = tracks, share: float = share) -> tuple[object, ...]:
            return (
                e.slug in lately,
                e.slug in avoided,
                tracks.count(e.track),
                max(0.0, e.minutes - share),
                weakness[e.track],
            )

        best = min(order(e) for e in rest)
        chosen.append(random_numbers.choice([e for e in rest if order(e) == best]))
        left -= chosen[-1].minutes
    return chosen


def _weakness(exercises: list[Exercise], known: Mapping[str, Standing]) -> dict[str, float]:
    """Per track, the mean of the best points: the lower, the weaker."""
    points: dict[str, list[float]] = {}
    for e in exercises:
        points.setdefault(e.track, []).append(known[e.slug].best if e.slug in known else 0.0)
    return {track: sum(values) / len(values) for track, values in points.items()}


def _solved_lately(standing: Standing | None, now: float) -> bool:
    return standing is not None and standing.passed_at is not None and abs(now - standing.passed_at) < LATELY


def follow_ups(exercise: Exercise) -> list[str]:
    """What an interviewer would ask next: the questions of the statement's last part."""
    _, _, text = exercise.statement.partition("Asked next:")
    text = " ".join(text.split("\n\n")[0].split())
    questions = [q.strip() for q in re.split(r"(?<=[?])\s+(?=[A-Z])", text) if q.strip()]
    return [q[:1].upper() + q[1:] for q in questions]


def running_or_new(
    progress: Progress, start: Path, exercises: Catalog, minutes: float, count: int,
    filters: tuple[str | None, int | None],
) -> Interview:  # fmt: skip
    """The interview that runs; else a new one in the workspace around `start`. `filters`: track, level."""
    running = interviews.running(progress)
    if running is not None:
        return running
    place = desk.here(start)
    fitting = [e for e in select(exercises, filters[0], None, filters[1], None) if e.framework == "numpy" or _torch()]
    known, avoid = progress.standings(), interviews.recently_drawn(progress)
    chosen = draw(fitting, known, count, minutes, time.time(), random.SystemRandom(), avoid)
    return begin(progress, place, chosen, minutes)


def _torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def begin(progress: Progress, place: Workspace, chosen: list[Exercise], minutes: float) -> Interview:
    """Fresh stubs in a new folder of the workspace, and the clock runs. Raises UsageProblem where that cannot be."""
    if not chosen:
        raise UsageProblem("No exercise fits these filters. `dlkit list` shows what there is.")
    name = time.strftime("%Y%m%d-%H%M%S")
    folder = place.root / "interviews" / name
    saved = {e.slug: fresh_stub(e, folder)[0].stat().st_mtime for e in chosen}
    started = interviews.begin(progress, folder, minutes, saved, time.time())
    if started is None:
        raise UsageProblem("An interview is running already in another terminal. `dlkit interview` goes on with it.")
    return started


class Sitting:
    """A running interview, as one process sees it."""

    def __init__(self, progress: Progress, interview: Interview, exercises: Catalog) -> None:
        self._progress = progress
        self.interview = interview
        by_slug = {e.slug: e for e in exercises}
        self.exercises = {i.exercise: by_slug[i.exercise] for i in interview.items if i.exercise in by_slug}
        self._steady: float | None = None

    def files(self) -> list[tuple[Exercise, Path]]:
        return [(e, self.interview.folder / f"{e.stem}.py") for e in self.exercises.values()]

    def look(self) -> bool:
        """Time passes, files are saved; whether the clock jumped."""
        steady = time.monotonic()
        jumped = self.interview.pass_time(time.time(), None if self._steady is None else steady - self._steady)
        self._steady = steady
        saved = {}
        for exercise, file in self.files():
            if file.is_file():
                saved[exercise.slug] = file.stat().st_mtime
        self.interview.note_saves(saved)
        return jumped

    def keep(self) -> None:
        interviews.keep(self._progress, self.interview)

    def grade(self, waiting: Callable[[str], None]) -> list[Graded]:
        """Grade every file as it is now."""
        found = []
        items = {i.exercise: i for i in self.interview.items}
        for exercise, file in self.files():
            waiting(f"Grading {exercise.slug} …")
            graded = _graded(exercise, file, items[exercise.slug].spent_s)
            items[exercise.slug].status = graded.result.status if graded.result else "invalid"
            items[exercise.slug].score = graded.score
            found.append(graded)
        return found

    def end(self, waiting: Callable[[str], None]) -> list[Graded] | None:
        """The last grading, recorded; None where another terminal has ended it."""
        graded = self.grade(waiting)
        now = time.time()
        if not interviews.end(self._progress, self.interview, now):
            return None
        for g in graded:
            if g.result is not None and g.result.status != "internal_error":
                self._progress.record(g.result, now, "interview")
        return graded


def _graded(exercise: Exercise, file: Path, spent_s: float) -> Graded:
    from ..command import need_machine
    from ..grade import grade
    from ..options import Options, fresh_seed
    from ..sandbox import SandboxUnavailable
    from ..submission import read_submission

    try:
        need_machine(exercise, "cpu")
        answer = read_submission(exercise, str(file), sys.stdin.buffer)
        return Graded(exercise, file, spent_s, grade(exercise, answer, Options(fresh_seed())))
    except (DlkitError, SandboxUnavailable) as error:
        return Graded(exercise, file, spent_s, None, str(error))


def sit(sitting: Sitting, screen: Screen, grade: bool, end: bool) -> None:
    """Show the interview and go on with it; on a terminal until it ends or the learner leaves."""
    if sitting.look():
        screen.say("The clock of this machine was set back; the countdown goes on where it was.")
    sitting.keep()
    over = sitting.interview.left_s <= 0
    if end or over:
        if over and not end:
            screen.say("The time is over; what your files hold now is graded.")
        _finish(sitting, screen)
        return
    with keyboard(screen.live) as keys:
        screen.say(screen.opening(sitting.interview, sitting.files()))
        if grade:
            screen.say(screen.graded(sitting.grade(screen.say)))
            sitting.keep()
        if screen.live:
            _watch_the_clock(sitting, screen, keys)


def _watch_the_clock(sitting: Sitting, screen: Screen, keys: Keys) -> None:
    kept, ending = time.monotonic(), False
    while sitting.interview.left_s > 0:
        screen.tick(sitting.interview.left_s)
        key = keys.take(1.0)
        if sitting.look():
            screen.say("The clock of this machine jumped (it slept, or was set); that time does not count.")
        if time.monotonic() - kept > _KEEP or key:
            sitting.keep()
            kept = time.monotonic()
        if key == "q":
            screen.say("The clock goes on. `dlkit interview` brings you back; `dlkit interview --end` ends it.")
            return
        if key == "g":
            screen.say(screen.graded(sitting.grade(screen.say)))
        if key == "e" and ending:
            break
        if key:
            ending = key == "e"
            if ending:
                screen.say("End the interview? Press e once more.")
    screen.say("The time is over." if sitting.interview.left_s <= 0 else "")
    _finish(sitting, screen)


def _finish(sitting: Sitting, screen: Screen) -> None:
    graded = sitting.end(screen.say)
    if graded is None:
        screen.say("Another terminal has ended this interview; its report is there.")
        return
    screen.say(screen.final(sitting.interview, graded))
