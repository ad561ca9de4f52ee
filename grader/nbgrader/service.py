"""Answers -> results, for a process that must not run them itself: worker processes, and what is graded already.

One thread owns the worker processes. Whoever needs results hands in tasks, early if it can, and waits for a key.
Results are kept in the course folder, so that grading again, or after an interruption, grades what is new.
"""

import atexit
import contextlib
import functools
import hashlib
import json
import queue
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..batch.engine import USUAL_SECONDS, payload
from ..batch.identity import exercise_version, task_key
from ..batch.local import LocalEngine
from ..batch.pool import Pool, Task
from ..catalog import Exercise
from ..errors import DlkitError, GraderFault, MissingOnMachine
from ..result import Result
from ..sandbox import SandboxUnavailable, start
from ..version import VERSION
from .reading import Units

IDLE_SECONDS = 60.0  # then the worker processes are ended: Formgrader's server stays up for weeks
_WORKERS_GONE = "The grading processes gave no verdict"

Key = str


class Fault(Exception):
    """No verdict, through no fault of the submission."""


@functools.lru_cache(maxsize=256)
def _version(exercise: Exercise, *stamps: int) -> str:
    return exercise_version(exercise)


def task(exercise: Exercise, units: Units, seed: int, seconds: float = USUAL_SECONDS) -> Task:
    """What a worker process needs, and the key under which its result is kept."""
    version = _version(exercise, *(p.stat().st_mtime_ns for p in (exercise.stub, exercise.tests, exercise.solution)))
    sha = hashlib.sha256(json.dumps(units).encode()).hexdigest()
    key = task_key(version, sha, VERSION, seed) + ("" if seconds == USUAL_SECONDS else f" {seconds:g}")
    return Task(key, payload(exercise.stem, version, units, seed, seconds))


class Results:
    """What is graded already: `results.db` in the course's own folder. A cache: it may be deleted."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def get(self, key: Key) -> Result | None:
        with contextlib.suppress(sqlite3.Error, ValueError, KeyError, TypeError), self._opened() as store:
            row = store.execute("SELECT result FROM results WHERE key = ?", (key,)).fetchone()
            return Result.from_json(json.loads(row[0])) if row else None
        return None

    def put(self, key: Key, result: dict[str, Any]) -> None:
        with contextlib.suppress(sqlite3.Error), self._opened() as store:
            store.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, json.dumps(result)))

    @contextlib.contextmanager
    def _opened(self) -> Any:
        store = sqlite3.connect(self._file, timeout=30)
        try:
            store.execute("PRAGMA synchronous = OFF")
            store.execute("CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, result TEXT)")
            with store:
                yield store
        finally:
            store.close()


class Service:
    """Grades for one course folder, in `jobs` worker processes."""

    def __init__(self, file: Path, sandbox: str = "bwrap", jobs: int = 1) -> None:
        self._results = Results(file)
        self._sandbox = sandbox
        self._jobs = jobs
        self._engine: LocalEngine | None = None
        self._queue: queue.SimpleQueue[list[Task] | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._done: dict[Key, Result | Exception] = {}
        self._expected: set[Key] = set()
        self._thread: threading.Thread | None = None

    def begin(self, tasks: Iterable[Task]) -> None:
        """Have tasks graded while the caller does something else; those that are graded already are not again."""
        with self._changed:
            new = {t.key: t for t in tasks if t.key not in self._expected and t.key not in self._done}
            for key in list(new):
                found = self._results.get(key)
                if found is not None:
                    self._done[key] = found
                    del new[key]
            if not new:
                return
            self._expected |= set(new)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="dlkit-grading", daemon=True)
                self._thread.start()
            self._queue.put(list(new.values()))

    def results(self, tasks: Sequence[Task]) -> list[Result | Fault]:
        """The results of tasks, in their order. Raises MissingOnMachine and GraderFault where nothing can be graded."""
        self.begin(tasks)
        found = []
        with self._changed:
            for wanted in tasks:
                self._changed.wait_for(lambda key=wanted.key: key in self._done)  # type: ignore[misc]
                result = self._done[wanted.key]
                if isinstance(result, DlkitError):
                    raise result
                found.append(result)
            for wanted in tasks:  # a course of thousands need not stay in memory; what failed is tried again
                self._done.pop(wanted.key, None)
        return found  # type: ignore[return-value]

    def _work(self) -> None:
        """The thread: one list of tasks after the other, until there was nothing to do for a while."""
        while True:
            try:
                tasks = self._queue.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                with self._changed:
                    if self._queue.empty():
                        self._thread = None
                        self._end()
                        return
                continue
            if tasks is None:
                self._end()
                return
            try:
                self._grade(tasks)
            except DlkitError as error:
                self._failed(tasks, error)
            except Exception as error:
                self._failed(tasks, GraderFault(f"{_WORKERS_GONE}: {type(error).__name__}: {error}"))

    def _grade(self, tasks: list[Task]) -> None:
        if self._engine is None:
            self._engine = LocalEngine(self._jobs, need_sandbox(self._sandbox), _stems(tasks))
            self._pool = Pool(self._engine)
        for outcome in self._pool.run(tasks):
            if outcome.result is None:
                words = outcome.failures[-1].detail if outcome.failures else "no reason was given"
                self._tell(outcome.task.key, Fault(f"{_WORKERS_GONE}: {words}"))
            else:
                self._results.put(outcome.task.key, outcome.result)
                self._tell(outcome.task.key, Result.from_json(outcome.result))

    def _failed(self, tasks: list[Task], error: DlkitError) -> None:
        self._end()
        for unfinished in tasks:
            if unfinished.key in self._expected:
                self._tell(unfinished.key, error)

    def _tell(self, key: Key, result: Result | Exception) -> None:
        with self._changed:
            self._expected.discard(key)
            self._done[key] = result
            self._changed.notify_all()

    def _end(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def close(self) -> None:
        """End the worker processes when they have done what was begun."""
        thread = self._thread
        if thread is not None:
            self._queue.put(None)
            thread.join()
            self._thread = None


def _stems(tasks: Iterable[Task]) -> list[str]:
    return list(dict.fromkeys(str(t.payload["exercise"]) for t in tasks))


@functools.cache
def need_sandbox(kind: str) -> str:
    """`kind` itself, where it works. Other people's code is never run without a sandbox unasked."""
    try:
        with start(kind, []) as parent:
            parent.ready()
    except SandboxUnavailable as error:
        raise MissingOnMachine(
            f"Submissions are graded in a sandbox, and that does not work here: {error}. Install bubblewrap"
            " (`apt install bubblewrap`), or, for people whose code you trust, set c.DlkitGrade.sandbox = 'process'."
        ) from None
    return kind


_SERVICES: dict[tuple[Path, str], Service] = {}
_LOCK = threading.Lock()


def service(file: Path, sandbox: str, jobs: int = 1) -> Service:
    """The service of this process for a course's results file; `jobs` counts for the one who asks first."""
    with _LOCK:
        found = _SERVICES.get((file, sandbox))
        if found is None:
            found = _SERVICES[file, sandbox] = Service(file, sandbox, jobs)
        return found


@atexit.register
def _close_all() -> None:
    for each in _SERVICES.values():
        each._end()
