"""How to grade, as plain data, and what is needed before anything is imported for it."""

import ast
import secrets
from dataclasses import dataclass

from .candidate.confine import Limits
from .catalog import Exercise


@dataclass(frozen=True)
class Options:
    """How to grade: everything that can change a verdict or its wording."""

    seed: int
    limits: Limits | None = None  # None: the defaults, with the time per call that the exercise asks for
    only: tuple[str, ...] = ()
    device: str = "none"  # for the device checks beside the score: none, auto, cpu, sim or cuda
    sandbox: str = "auto"
    diagnose: bool = True
    diagnosis_seconds: float = 5.0  # of processor time, for all known-wrong answers together


def fresh_seed() -> int:
    """A seed that nobody can foresee, short enough to type."""
    return secrets.randbelow(10**9)


def public_checks(exercise: Exercise) -> list[str]:
    """The names of an exercise's checks (device checks, too), read from the source of its hidden tests."""
    tree = ast.parse(exercise.tests.read_text("utf-8"))
    functions = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    return [name.removeprefix("test_") for name in functions if name.startswith("test_")]


def preload_for(exercise: Exercise) -> list[str]:
    """What a warm parent imports for its answers."""
    return ["numpy", "torch"] if exercise.framework == "torch" else ["numpy"]
