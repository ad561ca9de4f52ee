"""`dlkit dev …` from words to a verdict."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ..catalog import Exercise, catalog
from ..errors import UsageProblem
from ..options import preload_for
from ..sandbox import start
from ..suite import Suite, with_suite
from .check import check_exercise
from .mutate import Tally, mutate, tally_of
from .proofs import keep, kept
from .prove import WRONG_SEEDS
from .report import Report
from .strength import record

Progress = Callable[[str], None]


def chosen(names: tuple[str, ...], all_of_them: bool) -> list[Exercise]:
    """The exercises that a command line names. Raises UsageProblem where it names none."""
    if all_of_them:
        return list(catalog())
    if not names:
        raise UsageProblem("Which exercise? Name one or several, or say --all.")
    return [catalog().find(n) for n in names]


def check_exercises(
    names: tuple[str, ...], all_of_them: bool, seeds: int, jobs: int | None, fresh: bool, echo: Progress, progress: Any
) -> int:
    """Exit code 0 if every exercise is sound; prints a line per exercise, and every problem."""
    exercises = chosen(names, all_of_them)
    proved = {} if fresh else {e.stem: report for e in exercises if (report := kept(e, seeds)) is not None}
    open_ones = [e for e in exercises if e.stem not in proved]
    failed = 0
    for report in chain(proved.values(), reports_of(open_ones, seeds, jobs_for(jobs, len(open_ones)), progress)):
        progress.done()
        failed += bool(report.problems)
        state = "sound" if not report.problems else f"{len(report.problems)} problems"
        state += ", as proved before" if report.stem in proved else ""
        echo(
            f"{report.stem}: {state} ({report.checks} checks, {report.right} right answers x {report.seeds} seeds,"
            f" {report.wrong} known-wrong answers; one run {report.run_seconds:.2f} s, all {report.seconds:.1f} s)"
        )
        for problem in report.problems:
            echo(f"  - {problem}")
        if report.stem not in proved:
            keep(catalog().find(report.stem), seeds, report)
    return 1 if failed else 0


def reports_of(
    exercises: list[Exercise], seeds: int, jobs: int, progress: Any, wrong_seeds: int = WRONG_SEEDS
) -> Iterator[Report]:
    """One report per exercise, as they come, from `jobs` processes."""
    if jobs == 1:
        yield from (check_one(e, seeds, progress, wrong_seeds) for e in exercises)
        return
    with _pool(jobs) as pool:
        tasks = {pool.submit(check_one, e, seeds, _quiet, wrong_seeds): e for e in exercises}
        for done, task in enumerate(as_completed(tasks), 1):
            progress(f"{done} of {len(tasks)} exercises")
            yield task.result()


def check_one(exercise: Exercise, seeds: int, progress: Progress, wrong_seeds: int = WRONG_SEEDS) -> Report:
    """All proofs for one exercise, with a warm parent of its own."""
    missing = [p for p in (exercise.stub, exercise.solution, exercise.tests) if not p.is_file()]
    if missing:
        return Report(exercise.stem, [f"{p.relative_to(exercise.root)} is missing." for p in missing])

    def work(suite: Suite) -> Report:
        return check_exercise(exercise, catalog(), suite, parent, seeds, progress, wrong_seeds)

    with start("auto", preload_for(exercise)) as parent:
        return with_suite([exercise], work)


def mutate_exercises(
    names: tuple[str, ...], all_of_them: bool, jobs: int | None, as_json: bool, fresh: bool, keep: bool,
    echo: Progress, progress: Any,
) -> int:  # fmt: skip
    """Exit code 0 if no mutant survives that is not marked as equivalent; prints the survivors with their diffs."""
    exercises = chosen(names, all_of_them)
    if fresh:
        shutil.rmtree(exercises[0].root / ".mutants", ignore_errors=True)
    tallies = []
    workers = jobs_for(jobs, 64)
    with _pool(workers) as pool:
        for exercise in exercises:
            tally = _mutate_shared(exercise, workers, pool, progress)
            progress.done()
            tallies.append(tally)
            if not as_json:
                _print_tally(tally, echo)
    if as_json:
        echo(json.dumps({"schema": "dlkit.mutants/1", "exercises": [t.to_json() for t in tallies]}, indent=1))
    if keep:
        record(tallies, catalog())
    return 1 if any(t.survivors or t.stale for t in tallies) else 0


def _mutate_shared(exercise: Exercise, workers: int, pool: ProcessPoolExecutor, progress: Any) -> Tally:
    store = exercise.root / ".mutants"
    if workers == 1:
        mutate_one(exercise, store, (0, 1), progress)
        return tally_of(exercise, store)
    progress(f"{exercise.stem}: running its mutants in {workers} processes")
    for task in [pool.submit(mutate_one, exercise, store, (i, workers), _quiet) for i in range(workers)]:
        task.result()
    return tally_of(exercise, store)


def mutate_one(exercise: Exercise, store: Path, share: tuple[int, int], progress: Progress) -> None:
    """Run one share of an exercise's mutants, with a warm parent of its own."""

    def work(suite: Suite) -> None:
        mutate(exercise, suite, parent, store, share, progress)

    with start("auto", preload_for(exercise)) as parent:
        with_suite([exercise], work)


def _print_tally(tally: Tally, echo: Progress) -> None:
    echo(
        f"{tally.stem}: {tally.killed} of {tally.made - tally.equivalent} mutants killed ({tally.share:.1%}),"
        f" {tally.equivalent} equivalent"
    )
    for survivor in tally.survivors:
        echo(f"  survived, line {survivor['line']}, {survivor['what']}:")
        for line in survivor["diff"].splitlines():
            echo(f"    {line}")
    for diff in tally.stale:
        echo(f"  marked as equivalent, but killed or gone: {diff!r}")


def _quiet(words: str) -> None:
    """Worker processes say nothing."""


def jobs_for(jobs: int | None, tasks: int) -> int:
    """As many processes as were asked for, else one per core; never more than tasks."""
    return max(1, min(jobs or os.cpu_count() or 1, tasks))


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes (not forks of one that has imported half the world); they end with this one."""
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
