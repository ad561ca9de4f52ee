"""`dlkit bundle --students OUT`: a kit for students, without solutions, known-wrong answers and hidden tests.

In place of the hidden tests stand the examples of the statements, so that `dlkit check` still says something.
"""

import importlib.metadata
import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..catalog import ROOT, Exercise, catalog
from ..errors import UsageProblem
from ..version import VERSION
from .notebook import example_text

# What only instructors and authors use.
_LEFT_OUT = {
    "grader/author", "grader/batch", "grader/nbgrader/autograde.py", "grader/nbgrader/bundle.py",
    "grader/nbgrader/course.py", "grader/nbgrader/direct.py", "grader/nbgrader/preprocessor.py",
    "grader/nbgrader/scores.py", "grader/nbgrader/service.py",
}  # fmt: skip
_PYPROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "dlkit"
version = "{version}"
description = "Deep-learning exercises, for students: the stubs and their examples"
requires-python = ">=3.11"
dependencies = {dependencies}

[project.optional-dependencies]
torch = ["torch>=2.6"]

[project.scripts]
dlkit = "dlkit.cli:main"

[tool.setuptools]
package-dir = {{ dlkit = "." }}
py-modules = ["dlkit.cli", "dlkit.notebook"]
packages = {packages}

[tool.setuptools.package-data]
"dlkit.exercises" = ["*.toml"]
"dlkit.grader" = ["*.json"]
"""
_README = """# dlkit for students

    pip install .
    dlkit list
    dlkit check ps1.ipynb    or: dlkit check softmax my_softmax.py

`dlkit check` runs the examples of the statements on your answer. The course grades the rest with tests of its own.
"""
_TEST = '''"""The examples of the statement: all that this kit checks. The course has tests of its own."""

from dlkit.grader.compare import check
from dlkit.grader.plugin import points

EXAMPLES = {examples!r}


def run(m, text):
    import doctest

    said = []
    test = doctest.DocTestParser().get_doctest(text, dict(vars(m)), "example", None, 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    doctest.DocTestRunner(optionflags=flags).run(test, out=said.append)
    return "".join(said)


@points(0)
def test_examples(candidate):
    """The examples of the statement give what they promise."""
    said = candidate.run(run, EXAMPLES)
    check(not said, said)
'''


def bundle(out: Path) -> list[Path]:
    """Write the kit; the files written. Raises UsageProblem where `out` is there already or cannot be written."""
    if os.path.lexists(out):
        raise UsageProblem(f"{out} is there already; nothing was changed. Choose another name, or delete it first.")
    try:
        exercises = [e for e in catalog() if e.stub.is_file()]
        for path in _files(exercises):
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)
        index = out / "exercises" / "index.toml"
        _write(index, without_last_hints(index.read_text("utf-8")))
        for exercise in exercises:
            _write(out / "tests" / "hidden" / f"test_{exercise.stem}.py", _test(exercise))
        _write(out / "README.md", _README)
        _write(out / "pyproject.toml", _pyproject(out))
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be written ({error.strerror}). Choose another folder.") from None
    return sorted(p for p in out.rglob("*") if p.is_file())


def without_last_hints(index: str) -> str:
    """index.toml without the last hint of each exercise: it is nearly the answer, sometimes a line of it."""
    return re.sub(r"^(hints = \[\n(?:  .*\n)*)  .*\n\]$", r"\1]", index, flags=re.MULTILINE)


def _files(exercises: Iterable[Exercise]) -> list[Path]:
    found = [Path("__init__.py"), Path("cli.py"), Path("notebook.py"), Path("exercises/index.toml")]
    found += [e.stub.relative_to(ROOT) for e in exercises]
    for path in sorted((ROOT / "grader").rglob("*")):
        place = path.relative_to(ROOT)
        left_out = any(str(p) in _LEFT_OUT for p in (place, *place.parents))
        if path.suffix in (".py", ".json") and not left_out:
            found.append(place)
    return [p for p in found if (ROOT / p).is_file()]


def _test(exercise: Exercise) -> str:
    return _TEST.format(examples=example_text(exercise.statement))


def _pyproject(out: Path) -> str:
    """With the dependencies of this dlkit, and the packages that were copied."""
    needs = [r for r in importlib.metadata.requires("dlkit") or [] if "extra ==" not in r]
    folders = sorted({p.parent.relative_to(out) for p in out.rglob("*.py") if p.parent != out})
    packages = [".".join(("dlkit", *f.parts)) for f in folders]
    return _PYPROJECT.format(version=VERSION, dependencies=json.dumps(needs), packages=json.dumps(packages))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
