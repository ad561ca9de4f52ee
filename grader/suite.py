"""The hidden tests, collected once by pytest and run as often as wanted."""

import contextlib
import io
import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.runner import runtestprotocol

from . import plugin
from .candidate.proxy import CandidateDied, LearnerError, Session, Strayed
from .catalog import Exercise
from .errors import GraderFault
from .memory import Memory
from .plugin import GRADING, Grading, Record, check_name, lighten, needed

T = TypeVar("T")
MAX_VALUE = 8 << 20  # bytes of a wrong answer that are kept to name the mistake
# Only what running a plain test function needs: start-up is felt in every `dlkit check`.
_OFF = (
    "cacheprovider capture debugging doctest faulthandler junitxml legacypath logging pastebin recwarn setuponly"
    " setupplan skipping stepwise subtests terminal threadexception tmpdir unittest unraisableexception warnings"
).split()


class Suite:
    """The collected checks of one or several exercises."""

    def __init__(self, items: Iterable[pytest.Function]) -> None:
        self._items: dict[str, list[pytest.Function]] = {}
        for item in items:
            self._items.setdefault(item.path.stem.removeprefix("test_"), []).append(item)

    def checks(self, exercise: Exercise) -> list[str]:
        """The names of the checks that give points."""
        return self._names(exercise, on_device=False)

    def device_checks(self, exercise: Exercise) -> list[str]:
        return self._names(exercise, on_device=True)

    def _names(self, exercise: Exercise, on_device: bool) -> list[str]:
        items = self._items.get(exercise.stem, [])
        return list(dict.fromkeys(check_name(i) for i in items if _on_device(i) == on_device))

    def describe(self, exercise: Exercise, name: str) -> tuple[str, str, float]:
        """A check that was not run: its name, sentence and points."""
        item = next(i for i in self._items[exercise.stem] if check_name(i) == name)
        record = Record.of(item)
        return record.name, record.title, record.max_points

    def run(
        self,
        exercise: Exercise,
        session: Session,
        seed: int,
        only: Iterable[str] = (),
        on_check: Callable[[Record], object] = lambda record: None,
        memory: Memory | None = None,
    ) -> dict[str, Record]:
        """Run the checks (those named in `only`, or all with points) against a session; what happened, by name.

        `on_check` hears of each check when it is done; it ends the run by returning True. `memory` spares the checks
        whose replies are those of an earlier session. Raises Strayed where it misleads.
        """
        chosen = set(only)
        grading = Grading(session, seed)
        known = self._items.get(exercise.stem, [])
        wanted = [i for i in known if (check_name(i) in chosen if chosen else not _on_device(i))]
        for name, group in itertools.groupby(wanted, check_name):
            items, key = list(group), (exercise.stem, seed, name)
            able = memory is not None and all(grading.passed(n) for n in needed(items[0]))
            record = memory.recall(key, session) if memory is not None and able else None
            if record is not None:
                grading.records[name] = record
            else:
                for item in items:
                    if not session.enough:
                        _run(item, grading)
                record = grading.records[name]
                if session.strayed:
                    raise Strayed(f"{name} asks different things at different times")
                if memory is not None and able:
                    memory.learn(key, session, record)
            if on_check(record) is True:
                break
        return grading.records


def _run(item: pytest.Function, grading: Grading) -> None:
    before = item.config.stash.get(GRADING, None)
    item.config.stash[GRADING] = grading
    try:
        runtestprotocol(item, log=False, nextitem=None)
    finally:
        if before is not None:
            item.config.stash[GRADING] = before
    error = grading.records[check_name(item)].error
    if isinstance(error, AssertionError | LearnerError | CandidateDied):  # a fault of ours keeps its frames
        lighten(error, MAX_VALUE)


def _on_device(item: pytest.Function) -> bool:
    return getattr(item.function, "dlkit_device_check", False)


def with_suite(exercises: Iterable[Exercise], work: Callable[[Suite], T]) -> T:
    """Collect the hidden tests of `exercises` and call `work` with them.

    Raises GraderFault where a test file does not load; what `work` raises comes through.
    """
    driver = _Driver(work)
    files = [str(e.tests) for e in exercises]
    arguments = [f"-pno:{name}" for name in _OFF]
    arguments += ["--assert=plain", "--import-mode=importlib", "--noconftest", "--disable-plugin-autoload"]
    arguments += ["-c", os.devnull, "--rootdir", str(Path(files[0]).parent), *files]
    addopts = os.environ.pop("PYTEST_ADDOPTS", None)
    complaints = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaints):
            code = pytest.main(arguments, plugins=[plugin, driver])
    finally:
        if addopts is not None:
            os.environ["PYTEST_ADDOPTS"] = addopts
    if driver.error is not None:
        raise driver.error
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if not driver.done:
        raise GraderFault(f"The hidden tests do not load. {driver.trouble or complaints.getvalue().strip()}"[:2000])
    result: T = driver.result
    return result


class _Driver:
    """pytest calls; the work is done inside its run loop, while its fixtures and hooks stand."""

    def __init__(self, work: Callable[[Suite], Any]) -> None:
        self._work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.trouble = ""
        self.done = False

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.trouble = str(report.longrepr)[-1500:]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """What happened is in the records already; pytest's own failure text would cost 30 ms each."""
        outcome: Any = "passed" if call.excinfo is None else "failed"
        when: Any = call.when
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self.trouble:
            return True
        try:
            self.result = self._work(Suite([i for i in session.items if isinstance(i, pytest.Function)]))
            self.done = True
        except BaseException as error:
            self.error = error
        return True
