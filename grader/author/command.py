"""`dlkit dev …` from words to a verdict."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..catalog import Exercise, catalog
from ..errors import UsageProblem
from ..runner import preload_for
from ..sandbox import start
from ..suite import Suite, with_suite
from .check import Report, check_exercise
from .mutate import Tally, mutate


def chosen(names: tuple[str, ...], all_of_them: bool) -> list[Exercise]:
    if all_of_them:
        return list(catalog())
    if not names:
        raise UsageProblem("Which exercise? Name one or several, or say --all.")
    return [catalog().find(n) for n in names]


def check_exercises(
    names: tuple[str, ...], all_of_them: bool, seeds: int, jobs: int | None, echo: Callable[[str], Any], progress: Any
) -> int:
    """Exit code 0 if every exercise is sound; prints a line per exercise and every problem."""
    failed = 0
    for exercise in chosen(names, all_of_them):
        report = check_one(exercise, seeds, progress)
        progress.done()
        failed += bool(report.problems)
        state = "sound" if not report.problems else f"{len(report.problems)} problems"
        echo(
            f"{report.stem}: {state} ({report.checks} checks, {report.right} right answers x {report.seeds} seeds,"
            f" {report.wrong} known-wrong answers, {report.seconds:.1f} s)"
        )
        for problem in report.problems:
            echo(f"  - {problem}")
    return 1 if failed else 0


def check_one(exercise: Exercise, seeds: int, progress: Any) -> Report:
    missing = [p for p in (exercise.stub, exercise.solution, exercise.tests) if not p.is_file()]
    if missing:
        return Report(exercise.stem, [f"{p.relative_to(exercise.root)} is missing." for p in missing])

    def work(suite: Suite) -> Report:
        return check_exercise(exercise, catalog(), suite, parent, seeds, progress)

    with start("auto", preload_for(exercise)) as parent:
        return with_suite([exercise], work)


def mutate_exercises(
    names: tuple[str, ...], all_of_them: bool, jobs: int | None, as_json: bool, fresh: bool,
    echo: Callable[[str], Any], progress: Any,
) -> int:  # fmt: skip
    """Exit code 0 if no mutant survives that is not marked as equivalent; prints the survivors with their diffs."""
    tallies = []
    for exercise in chosen(names, all_of_them):
        store = exercise.root / ".mutants"
        if fresh:
            shutil.rmtree(store, ignore_errors=True)
        tally = mutate_one(exercise, store, progress)
        progress.done()
        tallies.append(tally)
        if not as_json:
            _print_tally(tally, echo)
    if as_json:
        echo(json.dumps({"schema": "dlkit.mutants/1", "exercises": [t.to_json() for t in tallies]}, indent=1))
    return 1 if any(t.survivors or t.stale for t in tallies) else 0


def mutate_one(exercise: Exercise, store: Path, progress: Any) -> Tally:
    def work(suite: Suite) -> Tally:
        return mutate(exercise, suite, parent, store, (0, 1), progress)

    with start("auto", preload_for(exercise)) as parent:
        return with_suite([exercise], work)


def _print_tally(tally: Tally, echo: Callable[[str], Any]) -> None:
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
