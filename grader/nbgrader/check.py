"""`dlkit check ps1.ipynb`: all exercises of an assignment's notebook, with the verdicts that the course will give."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..command import CheckRequest, Outcome, run_check
from ..result import Result
from .reading import exercise_stems, read_notebook

SCHEMA = "dlkit.assignment/1"


def assignment_exercises(path: str) -> list[str]:
    """The exercises of an assignment's notebook; empty where it is that of something else. Raises UsageProblem."""
    return exercise_stems(read_notebook(Path(path)))


def check_assignment(
    request: CheckRequest, stems: list[str], stdin: Any, progress: Callable[[str], None]
) -> Iterator[Outcome]:
    """The outcome for each exercise of the notebook that `request` names."""
    for stem in stems:
        yield run_check(replace(request, exercise=stem, file=request.exercise), stdin, progress)


def summary(results: list[Result]) -> str:
    """One line for each exercise."""
    width = max(len(r.exercise) for r in results)
    return "\n".join(f"{r.exercise:<{width}}  {_standing(r)}  {r.title}" for r in results)


def _standing(result: Result) -> str:
    if not result.max_score:  # a kit for students: examples only
        return "examples passed" if result.passed else "examples failed"
    return f"{result.score:>6g} of {result.max_score:g}"


def as_json(path: str, results: list[Result]) -> dict[str, Any]:
    """The object that `dlkit check --json` prints for an assignment."""
    return {"schema": SCHEMA, "notebook": Path(path).name, "results": [r.to_json() for r in results]}
