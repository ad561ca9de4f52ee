"""`dlkit check` from words to a verdict: the exercise, the file, the machine, the grade, the exit code."""

import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .candidate.confine import Limits
from .catalog import Exercise, catalog
from .errors import MissingOnMachine, UsageProblem
from .grade import grade
from .learner import desk, workspace
from .options import Options, fresh_seed, public_checks
from .result import Result
from .sandbox import SandboxUnavailable
from .submission import read_submission


@dataclass(frozen=True)
class CheckRequest:
    """What the command line said."""

    exercise: str
    file: str | None
    seed: int | None
    device: str
    sandbox: str
    timeout: float | None
    only: tuple[str, ...]
    require_gpu: bool


@dataclass(frozen=True)
class Outcome:
    """The result, the process's exit code, and remarks for `--verbose`."""

    result: Result
    exit_code: int
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def run_check(request: CheckRequest, stdin: BinaryIO, progress: Callable[[str], None]) -> Outcome:
    """Grade what was asked for. Raises DlkitError with a sentence where that cannot be."""
    exercise = catalog().find(request.exercise)
    file = request.file or _answer_file(request.exercise, exercise)
    submission = read_submission(exercise, file, stdin)
    need_machine(exercise, request.device)
    need_checks(exercise, request.only)
    limits = None if request.timeout is None else Limits(call_seconds=request.timeout)
    seed = fresh_seed() if request.seed is None else request.seed
    whole = exercise.solution.is_file()  # a kit for students has examples only, and nothing to compare mistakes with
    options = Options(seed, limits, request.only, request.device, request.sandbox, diagnose=whole)
    try:
        result = grade(exercise, submission, options, progress)
    except SandboxUnavailable as error:
        raise MissingOnMachine(
            f"The sandbox `{request.sandbox}` does not work here: {error}. Install it with your package manager"
            " (`apt install bubblewrap`), or use --sandbox process for code that you trust."
        ) from None
    remarks = desk.remember(result, Path(file)) if file != "-" and whole else []
    if not whole:
        remarks.append("These were the examples of the statement. The rest is graded by the course.")
    return Outcome(result, _exit_code(result, request.require_gpu), _notes(result), tuple(remarks))


def run_debug(name: str, check: str, file: str | None, seed: int) -> int:
    """One check in this process, under pytest, with the terminal left to a debugger; pytest's exit code (0 or 1)."""
    import os

    import pytest

    exercise = catalog().find(name)
    answer = file or _answer_file(name, exercise)
    read_submission(exercise, answer, io.BytesIO())  # says what is wrong with the file, if anything
    need_machine(exercise, "cpu")
    need_checks(exercise, (check,))
    arguments = [
        "-p",
        "dlkit.grader.plugin",
        "--import-mode=importlib",
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        "-q",
    ]
    arguments += [
        "-s",
        "--tb=line",
        "-c",
        os.devnull,
        "--rootdir",
        str(exercise.tests.parent),
        "--disable-plugin-autoload",
    ]
    arguments += ["--submission", answer, "--dlkit-seed", str(seed), f"{exercise.tests}::test_{check}"]
    return min(int(pytest.main(arguments)), 1)


def _exit_code(result: Result, require_gpu: bool) -> int:
    if result.status == "internal_error":
        return 3
    if require_gpu and result.gpu.status in ("failed", "skipped"):
        return 1
    return 0 if result.passed else 1


def _notes(result: Result) -> tuple[str, ...]:
    if result.sandbox == "process":
        return ("No real sandbox: install bubblewrap (`apt install bubblewrap`) before you grade other people's code.",)
    return ()


def _answer_file(text: str, exercise: Exercise) -> str:
    """The file to grade where none was given: the path itself, this folder's, or the workspace's copy."""
    if Path(text).suffix in (".py", ".ipynb"):
        return text
    here = Path.cwd()
    place = workspace.find(here)
    in_workspace = place.file(exercise) if place else None
    for path in (here / f"{exercise.stem}.py", here / f"{exercise.stem}.ipynb", in_workspace):
        if path is not None and path.is_file():
            return str(path)
    raise UsageProblem(
        f"Which file holds your answer? There is no {exercise.stem}.py here. Name it:"
        f" dlkit check {exercise.slug} FILE (the stub to start from: {exercise.stub})."
    )


def need_machine(exercise: Exercise, device: str) -> None:
    """Raises MissingOnMachine where the exercise's framework, or the device asked for, is not here."""
    if exercise.framework == "torch" and not _has_torch():
        raise MissingOnMachine(
            f"{exercise.name} needs PyTorch, which is not installed. Install it: pip install 'dlkit[torch]'"
            " (see README for a small CPU build)."
        )
    if device == "cuda" and exercise.framework == "torch":
        import torch

        if not torch.cuda.is_available():
            raise MissingOnMachine("--device cuda: PyTorch sees no CUDA device here. Leave the option out, or use sim.")


def _has_torch() -> bool:
    """Without importing it: that takes a second."""
    try:
        return importlib.util.find_spec("torch") is not None
    except ImportError:
        return False


def need_checks(exercise: Exercise, only: tuple[str, ...]) -> None:
    """Raises UsageProblem for a check that the exercise does not have."""
    names = public_checks(exercise)
    for name in only:
        if name not in names:
            raise UsageProblem(f"{exercise.name} has no check `{name}`. Its checks: {', '.join(names)}.")
