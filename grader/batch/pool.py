"""Tasks -> outcomes over any engine: the window, attempts, deadlines and retries. Keeps nothing (driver.py does)."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import GraderFault
from .engine import USUAL_SECONDS, Engine, Event, Payload

ATTEMPTS = 3
START_SECONDS = 180.0  # until a node has started a task: it may import torch from a cold disk first
TASK_SECONDS = 240.0  # the submission's usual budget is 60 s; then come diagnosis and a slow machine
_BARREN = 6  # attempts lost one after the other before anything came back: the workers themselves are broken


def more_seconds(payload: Payload) -> float:
    """What a task may take beyond TASK_SECONDS: a larger budget than usual, and that of the device checks."""
    seconds = float(payload.get("seconds", USUAL_SECONDS))
    on_device = 0.0 if payload.get("device", "none") == "none" else seconds
    return max(0.0, seconds - USUAL_SECONDS) + on_device


@dataclass(frozen=True)
class Task:
    """One submission to grade: `key` names it, `payload` is what a node needs."""

    key: Any
    payload: Payload


@dataclass(frozen=True)
class Failure:
    """An attempt without a verdict: `lost`, `deadline` or `fault`, and a sentence."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Outcome:
    """What became of a task: a Result as JSON, or None after all attempts; what went wrong on the way."""

    task: Task
    result: Payload | None
    failures: tuple[Failure, ...] = ()


def _fault_of_a_check(result: Payload) -> Failure | None:
    """A check of ours that broke is no verdict on the submission, and would break again."""
    if result.get("status") != "internal_error":
        return None
    words = [f"{c['name']}: {c['message']}" for c in result.get("checks", ()) if c["status"] == "error"]
    return Failure("fault", " ".join([str(result.get("message", "")), *words]))


@dataclass
class _Attempt:
    task: Task
    failures: list[Failure] = field(default_factory=list)
    submitted: float = 0.0
    started: float | None = None


class Pool:
    """Runs tasks on an engine, never more than its slots at a time, and yields outcomes as they come."""

    def __init__(
        self, engine: Engine, attempts: int = ATTEMPTS, task_seconds: float = TASK_SECONDS,
        start_seconds: float = START_SECONDS,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._attempts = attempts
        self._task_seconds = task_seconds
        self._start_seconds = start_seconds
        self._active: dict[str, _Attempt] = {}
        self._again: deque[_Attempt] = deque()
        self._tickets = 0
        self._answered = False
        self._lost_in_a_row = 0

    def run(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """`tasks` is drawn from only as slots become free. Raises GraderFault where no worker ever answers."""
        source = iter(tasks)
        while True:
            self._fill(source)
            if not self._active:
                return
            for event in self._engine.poll(self._patience()):
                outcome = self._handle(event)
                if outcome is not None:
                    yield outcome
            for outcome in self._overdue():
                yield outcome

    def _fill(self, source: Iterator[Task]) -> None:
        while len(self._active) < self._engine.slots:
            if self._again:
                attempt = self._again.popleft()
            else:
                task = next(source, None)
                if task is None:
                    return
                attempt = _Attempt(task)
            self._tickets += 1
            ticket = str(self._tickets)
            attempt.submitted, attempt.started = time.monotonic(), None
            self._active[ticket] = attempt
            self._engine.submit(ticket, attempt.task.payload)

    def _due(self, attempt: _Attempt) -> float:
        if attempt.started is None:
            return attempt.submitted + self._start_seconds
        return attempt.started + self._task_seconds + more_seconds(attempt.task.payload)

    def _patience(self) -> float:
        soonest = min(self._due(a) for a in self._active.values())
        return min(1.0, max(0.0, soonest - time.monotonic()))

    def _handle(self, event: Event) -> Outcome | None:
        """At-least-once: what is told of a ticket that is no longer ours counts for nothing."""
        attempt = self._active.get(event.ticket)
        if attempt is None:
            return None
        if event.kind == "started":
            attempt.started = time.monotonic()
            return None
        del self._active[event.ticket]
        if event.kind == "done" and "result" in event.reply:
            self._answered = True
            broken = _fault_of_a_check(event.reply["result"])
            if broken is not None:
                return Outcome(attempt.task, None, (*attempt.failures, broken))
            return Outcome(attempt.task, event.reply["result"], tuple(attempt.failures))
        kind = "fault" if event.kind == "done" else "lost"
        return self._failed(attempt, Failure(kind, str(event.reply.get("fault", "no reason was given"))))

    def _overdue(self) -> Iterator[Outcome]:
        now = time.monotonic()
        for ticket, attempt in list(self._active.items()):
            if now < self._due(attempt):
                continue
            self._engine.abandon(ticket)
            del self._active[ticket]
            words = "was not started" if attempt.started is None else "gave no verdict"
            outcome = self._failed(
                attempt, Failure("deadline", f"it {words} in time, on attempt {len(attempt.failures) + 1}")
            )
            if outcome is not None:
                yield outcome

    def _failed(self, attempt: _Attempt, failure: Failure) -> Outcome | None:
        attempt.failures.append(failure)
        self._lost_in_a_row += 1
        if not self._answered and self._lost_in_a_row >= max(_BARREN, 3 * self._engine.slots):
            raise GraderFault(f"No worker gets anything done; the last one said: {failure.detail}")
        if len(attempt.failures) >= self._attempts:
            return Outcome(attempt.task, None, tuple(attempt.failures))
        self._again.append(attempt)
        return None
