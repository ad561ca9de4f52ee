"""Grade answers in parallel on this machine, without a results file: for graders that keep results in their own way."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from ..catalog import Exercise
from .engine import Units, payload
from .identity import exercise_version
from .local import LocalEngine
from .pool import Outcome, Pool, Task

Answer = tuple[Any, Exercise, Units]  # a key of the caller's, the exercise, the units of source


def cores() -> int:
    """How many of this machine's cores are ours to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def graded(answers: Iterable[Answer], seed: int, sandbox: str, jobs: int | None = None) -> Iterator[Outcome]:
    """One outcome for each answer, as they are done; `outcome.task.key` is the caller's key, `outcome.result` a Result
    as JSON, or None where three attempts gave no verdict.

    `answers` is drawn from only as workers become free. Take all outcomes, or close the iterator: the workers end with
    it, and with the thread that draws from it. Raises GraderFault where no worker ever answers.
    """
    versions: dict[str, str] = {}

    def tasks() -> Iterator[Task]:
        for key, exercise, units in answers:
            if exercise.stem not in versions:
                versions[exercise.stem] = exercise_version(exercise)
            yield Task(key, payload(exercise.stem, versions[exercise.stem], units, seed))

    engine = LocalEngine(jobs or cores(), sandbox)
    try:
        yield from Pool(engine).run(tasks())
    finally:
        engine.close()
