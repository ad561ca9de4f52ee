"""The rows of the table: what dlkit does against what a user would otherwise do, in one run."""

import contextlib
import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import Row, command, compare

from dlkit.grader.catalog import catalog
from dlkit.grader.options import Options
from dlkit.grader.runner import grade_with
from dlkit.grader.sandbox import start
from dlkit.grader.submission import submission
from dlkit.grader.suite import Suite, with_suite

PYTHON = sys.executable
DLKIT = (PYTHON, "-m", "dlkit.cli")
PYTEST = ("-m", "pytest", "-q", "-p", "dlkit.grader.plugin", "-c", "/dev/null", "--import-mode=importlib")


def start_up(repeats: int) -> Iterator[Row]:
    """Commands that need neither numpy nor pytest."""
    click = command(PYTHON, "-c", "import click")
    yield compare("dlkit --help", command(*DLKIT, "--help"), "python -c 'import click'", click, 2.0, repeats)
    yield compare("dlkit list", command(*DLKIT, "list"), "python -c 'import click'", click, 2.0, repeats)


def cold_checks(repeats: int) -> Iterator[Row]:
    """`dlkit check` in a fresh process, sandbox and all."""
    softmax = catalog().find("softmax")
    ours = command(*DLKIT, "check", "softmax", softmax.solution, "--json")
    pytest = command(PYTHON, *PYTEST, "--submission", softmax.solution, softmax.tests, cwd=softmax.root.parent)
    yield compare(
        "dlkit check of a numpy exercise", ours, "pytest on the same tests, one process", pytest, 1.2, repeats
    )
    if importlib.util.find_spec("torch") is not None:
        distillation = catalog().find("distillation_loss")
        ours = command(*DLKIT, "check", "distillation_loss", distillation.solution, "--json")
        torch = command(PYTHON, "-c", "import torch")
        yield compare("dlkit check of a torch exercise", ours, "python -c 'import torch'", torch, 1.25, repeats)


def sandbox(repeats: int) -> Iterator[Row]:
    """One warm submission under bubblewrap and as a plain process."""
    softmax = catalog().find("softmax")
    answer = submission(softmax, (("answer.py", softmax.solution.read_text("utf-8")),))

    def work(suite: Suite) -> Row:
        with start("bwrap", ["numpy"]) as bwrap, start("process", ["numpy"]) as process:

            def graded(parent: object) -> None:
                result = grade_with(suite, parent, softmax, answer, Options(1))  # type: ignore[arg-type]
                assert result.score == 100.0

            on, off = lambda: graded(bwrap), lambda: graded(process)
            return compare("a warm submission, sandbox on", on, "sandbox off", off, 1.3, 3 * repeats)

    yield with_suite([softmax], work)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dlkit-bench-") as folder:
        yield Path(folder)
