"""Grade on save: one warm parent and one collected suite per exercise, the report in place, keys for the rest."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..catalog import Catalog, Exercise
from ..errors import DlkitError, MissingOnMachine
from ..options import Options, fresh_seed, preload_for
from ..result import Result
from ..runner import grade_with
from ..sandbox import Parent, start
from ..submission import read_submission
from ..suite import Suite, with_suite
from . import desk
from .keys import Keys, keyboard
from .lock import only_watch
from .progress import ProgressUnavailable, opened
from .workspace import Workspace

KEYS = "h hint · n next · l list · r run again · q quit"
_SETTLE_MS = 10  # silence that ends a burst of saves; a file that is written on meanwhile is graded again


@dataclass
class Screen:
    """Where the watch shows things: `live` redraws in place and reads keys, else plain lines."""

    live: bool
    show: Callable[[str, bool], None]  # (text, clear the screen first)
    report: Callable[[Result], str]
    listing: Callable[[], str]


def watch(workspace: Workspace, exercises: Catalog, screen: Screen, first: Exercise | None, once: bool = False) -> None:
    """Follow the current exercise until the learner quits. `once` grades one time and returns (for pipes and tests).

    Raises UsageProblem where another watch follows this workspace.
    """
    exercise = first or desk.next_exercise(desk.in_workspace(workspace, exercises), desk.standings())
    with contextlib.nullcontext() if once else only_watch(workspace.root), keyboard(screen.live) as keys:
        while exercise is not None:
            exercise = _follow(workspace, exercises, exercise, screen, keys, once)
    if exercise is None and not once:
        screen.show("Every exercise is solved, or you have quit. `dlkit progress` shows how far you have come.", False)


def _follow(
    workspace: Workspace, exercises: Catalog, exercise: Exercise, screen: Screen, keys: Keys, once: bool
) -> Exercise | None:
    """Grade one exercise on every save; the exercise to go on with, or None to stop."""

    def work(suite: Suite) -> Exercise | None:
        return _Desk(workspace, exercises, exercise, screen, suite, parent).run(keys, once)

    with start("auto", preload_for(exercise)) as parent:
        return with_suite([exercise], work)


class _Desk:
    def __init__(
        self, workspace: Workspace, exercises: Catalog, exercise: Exercise, screen: Screen, suite: Suite, parent: Parent
    ) -> None:
        self._workspace = workspace
        self._exercises = exercises
        self._exercise = exercise
        self._screen = screen
        self._suite = suite
        self._parent = parent
        self._said = ""  # shown under the report: a hint, the list
        self._seen: tuple[Any, ...] = ()
        self._emptied: tuple[Any, ...] = ()

    def run(self, keys: Keys, once: bool) -> Exercise | None:
        self._grade()
        if once:
            return None
        for key in self._events(keys):
            if key == "q":
                return None
            if key == "n":
                return self._next()
            if key == "h":
                self._hint()
            elif key == "l":
                self._screen.show(self._screen.listing() + f"\n\n{KEYS}", True)
            elif key == "r" or self._changed():
                self._grade()
        return None

    def _events(self, keys: Keys) -> Iterator[str]:
        """A key, or nothing when a file was saved (or may have been: a look costs little)."""
        from watchfiles import watch as follow

        for _ in follow(
            self._workspace.root, debounce=_SETTLE_MS * 10, step=_SETTLE_MS, stop_event=keys.stopped,
            rust_timeout=100, yield_on_timeout=True, raise_interrupt=True,
        ):  # fmt: skip
            yield keys.take()
            while keys.waiting:
                yield keys.take()
            if keys.stopped.is_set():
                return

    def _file(self) -> Path | None:
        return self._workspace.file(self._exercise)

    def _stamp(self) -> tuple[Any, ...]:
        file = self._file()
        if file is None:
            return ()
        with contextlib.suppress(OSError):
            s = file.stat()
            return (str(file), s.st_mtime_ns, s.st_size, s.st_ino)
        return ()

    def _changed(self) -> bool:
        """Whether there is something new to grade. An empty file has a moment's grace: editors empty, then write."""
        stamp = self._stamp()
        if stamp and not stamp[2] and stamp != self._emptied:
            self._emptied = stamp
            return False
        return stamp != self._seen

    def _grade(self) -> None:
        self._seen = self._stamp()
        file = self._file()
        if file is None:
            self._show(
                f"{self._exercise.stem}.py is gone from the workspace.\n"
                f"Put it back and it is graded, or get a fresh stub: dlkit reset {self._exercise.slug}"
            )
            return
        try:
            answer = read_submission(self._exercise, str(file), sys.stdin.buffer)
        except DlkitError as error:
            self._show(str(error))
            return
        options = Options(fresh_seed(), device="auto")
        result = grade_with(self._suite, self._parent, self._exercise, answer, options, on_verdict=self._verdict)
        self._said = ""
        report = self._screen.report(result)
        if self._screen.live:
            self._show(report)  # the verdict first: what it is kept in takes as long as a check
        words = [*desk.remember(result, file), *self._onward(result)]
        if words or not self._screen.live:
            self._show("\n".join([report, *words]))

    def _verdict(self, result: Result) -> None:
        """The points at once; what the device checks find is added when they are done."""
        if self._screen.live:
            self._said = ""
            self._show(self._screen.report(result))

    def _onward(self, result: Result) -> list[str]:
        if not result.passed:
            return []
        following = desk.next_exercise(desk.in_workspace(self._workspace, self._exercises), desk.standings())
        if following is None:
            return ["", "That was the last one. Everything is solved."]
        return [
            "",
            f"Solved. Next (press n): {following.slug}.",
            f"What others get wrong: dlkit solution {result.slug}",
        ]

    def _show(self, text: str) -> None:
        self._text = text
        keys = f"\n\n{KEYS}" if self._screen.live else ""
        self._screen.show(f"{text}{self._said}{keys}", self._screen.live)

    def _hint(self) -> None:
        try:
            with opened() as progress:
                hint = desk.hint(self._exercise, progress)
            self._said = f"\n\nHint {hint.number} of {hint.of}: {hint.text}"
        except ProgressUnavailable as error:
            self._said = f"\n\n{error}"
        self._show(self._text)

    def _next(self) -> Exercise:
        standings = desk.standings()
        order = [e for e in desk.in_workspace(self._workspace, self._exercises) if e != self._exercise]
        places = [list(self._exercises).index(e) for e in (*order, self._exercise)]
        rotated = order[_after(places) :] + order[: _after(places)] + [self._exercise]
        return next(
            (e for e in rotated if standings.get(e.slug) is None or standings[e.slug].state != "solved"), rotated[0]
        )


def _after(places: list[int]) -> int:
    """How many of the others stand before the present exercise (the last of `places`)."""
    return sum(place < places[-1] for place in places[:-1])


def need_watchfiles() -> None:
    """Raises MissingOnMachine with the command that installs it."""
    import importlib.util

    if importlib.util.find_spec("watchfiles") is None:
        raise MissingOnMachine("`dlkit watch` needs watchfiles. Install it: pip install 'dlkit[watch]'")
