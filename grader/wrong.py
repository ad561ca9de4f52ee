"""Known-wrong answers: functions named after the misconception, one or two lines off the solution.

A file `solutions/wrong/exercise_NN_slug.py` holds them. Each proves that the hidden tests reject it, and is what the
diagnosis compares a learner's numbers with; its docstring is the sentence the learner reads.
"""

import functools
import importlib.util
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .candidate.source import Submission
from .catalog import Exercise

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class WrongAnswer:
    """One misconception in code: `overrides` replace the reference's functions of those names."""

    name: str
    message: str
    fails: tuple[str, ...]
    overrides: dict[str, Any]
    namespace: bool = False  # the object is a class that only holds the overrides


@dataclass(frozen=True)
class Belief:
    """A wrong idea without a single code form: its message is added when the named check fails."""

    name: str
    check: str
    message: str


def wrong(*, replaces: str | tuple[str, ...], fails: list[str]) -> Callable[[F], F]:
    """Mark a known-wrong answer: what it replaces in the reference, and exactly the checks that it must fail.

    With one name the decorated object takes its place. With a tuple of names the decorated class is a namespace whose
    attributes of those names take their places.
    """

    def mark(answer: F) -> F:
        answer.__dlkit_wrong__ = (replaces, tuple(fails))  # type: ignore[attr-defined]
        return answer

    return mark


def belief(name: str, *, check: str, message: str) -> Belief:
    """A misconception that is no code: `check` is the group whose failure shows it."""
    return Belief(name, check, message)


def load_module(path: Any, name: str) -> types.ModuleType:
    """Import a trusted file of the kit under `name`, afresh."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def wrong_answers(exercise: Exercise) -> tuple[list[WrongAnswer], list[Belief]]:
    """All misconceptions of an exercise, in the order of the file."""
    return _read(exercise, exercise.wrong.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _read(exercise: Exercise, changed: int) -> tuple[list[WrongAnswer], list[Belief]]:
    module = load_module(exercise.wrong, f"dlkit.solutions.wrong.{exercise.stem}")
    answers, beliefs = [], []
    for name, value in vars(module).items():
        if isinstance(value, Belief):
            beliefs.append(value)
        mark = getattr(value, "__dlkit_wrong__", None) if not isinstance(value, types.ModuleType) else None
        if mark is not None and getattr(value, "__name__", None) == name and "__dlkit_wrong__" in vars(value):
            replaces, fails = mark
            overrides = {replaces: value} if isinstance(replaces, str) else {n: getattr(value, n) for n in replaces}
            message = " ".join((value.__doc__ or "").split())
            answers.append(WrongAnswer(name, message, fails, overrides, not isinstance(replaces, str)))
    return answers, beliefs


def answer_module(exercise: Exercise, overrides: dict[str, Any]) -> types.ModuleType:
    """The reference as a fresh module, with some of its names replaced."""
    module = load_module(exercise.solution, f"dlkit.solutions.{exercise.stem}")
    fresh = load_module(exercise.solution, f"dlkit_answer_{exercise.stem}") if overrides else module
    vars(fresh).update(overrides)
    return fresh


_STAND_IN = """
def wrong(**_):
    return lambda answer: answer
def belief(name, **_):
    return name
"""


def as_submission(exercise: Exercise, answer: WrongAnswer) -> Submission:
    """A known-wrong answer as a submission, for a run in a real candidate: the reference with names replaced."""
    reference = exercise.solution.read_text("utf-8")
    file = f"dlkit.solutions.wrong.{exercise.stem}"
    support = (
        ("dlkit.grader.wrong", _STAND_IN),
        (f"dlkit.solutions.{exercise.stem}", reference),
        (file, exercise.wrong.read_text("utf-8")),
    )
    if answer.namespace:
        lines = f"from {file} import {answer.name} as _namespace\n"
        lines += "".join(f"{name} = _namespace.{name}\n" for name in answer.overrides)
    else:
        lines = f"from {file} import {answer.name} as {next(iter(answer.overrides))}\n"
    units = ((f"{exercise.stem}.py", reference), ("override.py", lines))
    return Submission(units, exercise.stem, exercise.names, (), support)
